"""The kinds of records that the site has pages for, told by what a record holds: its name is the user's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "activity", "neurons", "profiles", "emergence", "clusters", "registers", "watermark", "detectors", "basis",
    "concepts", "prototypes",
]  # fmt: skip

KINDS: tuple[Kind, ...] = get_args(Kind)

TELLING: Mapping[Kind, Mapping[str, Collection[str]]] = {
    "neurons": {"units": ("layer", "unit", "label", "runner_up", "margin")},
    "profiles": {"units": ("layer", "unit", "edges", "counts"), "samples": ("layer", "unit", "kind", "index")},
    "activity": {"units": ("layer", "unit", "win_rate", "dead"), "layers": ("layer", "competitors", "active_fraction")},
    "emergence": {"epochs": ("epoch", "distinct_concepts"), "streams": ("epoch", "concept", "units")},
    "clusters": {"maps": ("index", "layer", "labels"), "depths": ("layer", "ari_all")},
    "registers": {"layers": ("layer", "outlier_fraction"), "positions": ("layer", "row", "column")},
    "watermark": {"reliance": ("metric", "value", "low", "high"), "groups": ("class", "marked")},
    "detectors": {"units": ("layer", "unit", "iou", "detector"), "categories": ("layer", "policy", "category")},
    "basis": {"bases": ("layer", "basis", "s1", "s2")},
    "concepts": {"classes": ("layer", "class", "unexplained"), "concepts": ("layer", "class", "concept", "importance")},
    "prototypes": {"prototypes": ("target", "kind", "method", "picture"), "naturalness": ("target", "layer")},
}
"""Tables that tell a kind, with the columns that they must have at least."""


def kind_of(tables: Mapping[str, Collection[str]]) -> Kind | None:
    """The kind of a record by the columns of its tables; None for an analysis of the user's own.

    >>> kind_of({"bases": ["layer", "basis", "s1", "s2"]})
    'basis'
    """
    for kind, telling in TELLING.items():
        if all(name in tables and set(columns) <= set(tables[name]) for name, columns in telling.items()):
            return kind
    return None
