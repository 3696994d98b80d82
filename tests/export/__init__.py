"""Tests of dissected checkpoints."""
