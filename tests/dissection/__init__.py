"""Tests of dissection: similarity, naming, judging."""
