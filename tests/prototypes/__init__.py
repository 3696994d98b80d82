"""Tests of prototypes, and of whether their path is natural."""
