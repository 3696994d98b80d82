"""Tests of the fused competition."""
