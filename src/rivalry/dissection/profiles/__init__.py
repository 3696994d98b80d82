"""Profiles of units: for a page of each unit, its pictures, where in them it answers, and its statistics.

Read in this order: :mod:`layer_profile` (what is kept while pictures stream by), :mod:`distribution` (histogram and
quantiles), :mod:`centred`, :mod:`neighbours` and :mod:`class_effects` (what goes with a unit), :mod:`samples` (which
pictures are to be shown), :mod:`boxes`, :mod:`overlays`, :mod:`thumbnail` and :mod:`showing` (what is seen of them),
:mod:`tables`, :mod:`unit_profiles` (the analysis).
"""

from rivalry.dissection.profiles.unit_profiles import UnitProfiles

__all__ = ["UnitProfiles"]
