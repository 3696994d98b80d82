"""Tests of concepts, what they count for, and strategies."""
