"""Tests of what prototypes are for, and what they pay."""
