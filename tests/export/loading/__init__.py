"""Tests of loading dissected checkpoints."""
