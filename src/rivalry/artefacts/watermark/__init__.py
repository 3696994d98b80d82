"""Watermarks: has a network learnt a mark in place of the object, where does it read it, and how few units carry it?

Read in this order: :mod:`renders` and :mod:`answers` (what is shown and kept), :mod:`reliance` (does it matter),
:mod:`relevance` (where on the picture), :mod:`sample` and :mod:`decodability` with :mod:`floor` (where it can be
read), :mod:`concept_vector` (its direction), :mod:`saturation` (what it displaces), :mod:`detectors` and
:mod:`carriers` (which units), then how it comes together: :mod:`pictures`, :mod:`closer`, :mod:`layers`,
:mod:`tables`, :mod:`probe`.
"""

from rivalry.artefacts.watermark.probe import WatermarkProbe

__all__ = ["WatermarkProbe"]
