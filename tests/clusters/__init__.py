"""Tests of the clusters of activations."""
