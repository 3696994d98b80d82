"""Tests of the unsupervised basis."""
