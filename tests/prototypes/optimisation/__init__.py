"""Tests of how images are optimised."""
