"""Tests of dissection by masks."""
