"""Tests of sweeps, taps and what analyses share."""
