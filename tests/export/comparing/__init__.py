"""Tests of comparing two networks."""
