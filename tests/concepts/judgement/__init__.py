"""Judgement of extractions."""
