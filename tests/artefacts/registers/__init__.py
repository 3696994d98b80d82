"""Tests of the register probe."""
