"""Tests of the lens site."""
