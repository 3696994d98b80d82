"""Tests of the watermark probe."""
