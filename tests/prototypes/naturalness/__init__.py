"""Tests of whether the path of prototypes is natural."""
