"""Sweeps: a probe set is shown once, every analysis listens, each leaves a finding.

Read in this order: :mod:`observation` (what is told), :mod:`analysis` (the contract), :mod:`taps` (how it hears),
:mod:`session` and :mod:`sweep` (the pass), then the parts analyses share: :mod:`axes`, :mod:`pooling`,
:mod:`top_images`, :mod:`sample_rows`, :mod:`activity`, :mod:`ranks`.
"""

from rivalry.recording.activity import Activity
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.observation import Listening, Observation
from rivalry.recording.session import Recording
from rivalry.recording.sweep import sweep
from rivalry.recording.taps import resolve_taps
from rivalry.recording.undisturbed import undisturbed

__all__ = [
    "Activity",
    "Analysis",
    "Finding",
    "Listening",
    "Observation",
    "Recording",
    "resolve_taps",
    "sweep",
    "undisturbed",
]
