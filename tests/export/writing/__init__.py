"""Tests of writing dissected checkpoints."""
