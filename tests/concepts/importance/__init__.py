"""Tests of how much concepts count."""
