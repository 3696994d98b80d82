"""Tests of explaining pictures."""
