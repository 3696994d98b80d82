"""Tests of the strategies of a class."""
