"""Tests of bases and their interpretability."""
