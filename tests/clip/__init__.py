"""Tests of CLIP: its towers, and the features that are kept."""
