"""Tests of the profiles of units."""
