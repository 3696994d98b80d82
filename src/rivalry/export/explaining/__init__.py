"""Explain pictures with a dissected checkpoint: which units won, what they are called, and what they contribute.

Read in this order: :mod:`explanation` (what comes out), :mod:`question` (what is asked), :mod:`hearing` (the pass),
:mod:`contributions` (of units), :mod:`concepts`, :mod:`cluster_map`, :mod:`prototypes`; :mod:`settled`,
:mod:`explained_layer` and :mod:`explained`, which put them together; :mod:`tables`, :mod:`page` and :mod:`command`,
which show what came out.
"""

from rivalry.export.explaining.contributions import units_to_cover
from rivalry.export.explaining.explained import explain
from rivalry.export.explaining.explanation import Explanation

__all__ = ["Explanation", "explain", "units_to_cover"]
