"""Tests of the format of dissected checkpoints."""
