"""Extractions of concepts."""
