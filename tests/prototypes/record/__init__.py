"""Tests of what a study of classes leaves."""
