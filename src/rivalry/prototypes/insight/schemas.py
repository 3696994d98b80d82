"""The columns of the tables that an insight leaves; what they mean is told in ``docs/prototype_insight.md``.

The key is ``target``, with ``copy`` where a row is of a single prototype.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import pyarrow as pa

Row: TypeAlias = dict[str, Any]
"""A row of a table, by column."""


def _columns(names: Iterable[str], kind: pa.DataType) -> dict[str, pa.DataType]:
    return dict.fromkeys(names, kind)


_TEXT, _WHOLE, _NUMBER, _YES = pa.string(), pa.int64(), pa.float64(), pa.bool_()

SCHEMAS: dict[str, pa.Schema] = {
    name: pa.schema(list(({"target": _TEXT} | columns).items()))
    for name, columns in {
        "names": {"rank": _WHOLE, "word": _TEXT} | _columns(("score", "own_score"), _NUMBER),
        "agreement": {"copy": _WHOLE, "layer": _TEXT, "class": _TEXT, "concepts": _WHOLE}
        | _columns(("spearman", "cosine"), _NUMBER)
        | _columns(("same_spearman", "same_cosine", "other_spearman", "other_cosine"), _NUMBER),
        "marks": {"class": _TEXT, "copies": _WHOLE}
        | _columns(
            (
                f"{name}{what}"
                for name in ("correlation", "clip", "attribution")
                for what in ("", "_null", "_excess", "_deviations", "_above")
            ),
            _NUMBER,
        )
        | _columns(("copy", "top", "left", "height", "width"), _WHOLE)
        | _columns(("turn", "scale"), _NUMBER)
        | {"shows_mark": _YES},
        "counter_images": {"class": _TEXT, "pasted": _TEXT, "pictures": _WHOLE}
        | _columns(
            (
                f"{kind}{end}"
                for name in ("flips", "change")
                for kind in (name, f"control_{name}", f"{name}_above")
                for end in ("", "_low", "_high")
            ),
            _NUMBER,
        ),
    }.items()
}
"""By table."""
