"""The columns of the tables that a study of prototypes leaves; what they mean is told in ``docs/prototypes.md``.

The key is ``target``, as the user may write it again; with ``copy`` and ``method`` where a row is of one prototype.
Tables of an insight are those of :mod:`rivalry.prototypes.insight.schemas`.
"""

from __future__ import annotations

import pyarrow as pa

from rivalry.prototypes.naturalness import NATURALNESS

OURS, PLAIN = "prototype", "fourier"
"""Methods by which prototypes are made, as tables call them: by the recipe that was chosen, and by the plain one."""

_TEXT, _WHOLE, _NUMBER, _PICTURE = pa.string(), pa.int64(), pa.float64(), pa.binary()

PROTOTYPES = pa.schema(
    {
        "target": _TEXT,
        "kind": _TEXT,
        "layer": _TEXT,
        "unit": _WHOLE,
        "class": _TEXT,
        "concept": _WHOLE,
        "copy": _WHOLE,
        "method": _TEXT,
        "value": _NUMBER,
        "probability": _NUMBER,
        "natural_value": _NUMBER,
        "natural_top": _NUMBER,
        "start": _TEXT,
        "steps": _WHOLE,
        "rate": _NUMBER,
        "restarts": _WHOLE,
        "stopped": pa.bool_(),
        "reason": _TEXT,
        "picture": _PICTURE,
        "alpha": _PICTURE,
    }
)
"""A row for each prototype, and one for each target that has none; ``reason`` says why, or why a prototype is none."""

EXAMPLES = pa.schema(
    {
        "target": _TEXT,
        "kind": _TEXT,
        "quantile": _NUMBER,
        "rank": _WHOLE,
        "index": _WHOLE,
        "value": _NUMBER,
        "picture": _PICTURE,
    }
)
"""A row for each natural picture beside a target: ``top``, by rank, or ``quantile``."""

HISTORY = pa.schema({"target": _TEXT, "copy": _WHOLE, "method": _TEXT, "step": _WHOLE, "value": _NUMBER})
"""A row for each step that is kept of an optimisation."""

TABLES = {"prototypes": PROTOTYPES, "examples": EXAMPLES, "history": HISTORY, "naturalness": NATURALNESS}
"""By name."""
