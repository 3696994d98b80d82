"""Tests of what is asked of a folder that somebody sent."""
