"""Insight into prototypes."""
