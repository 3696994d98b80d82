"""The columns of every table that a study of classes leaves; what they mean is told in ``docs/concept_extraction.md``.

Key columns: ``layer``, ``class`` and ``concept``, counted from 0 in its class. ``unit`` is the concept's number among
all of its layer, by which the table ``directions`` calls it.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa


def _columns(names: Iterable[str], kind: pa.DataType) -> dict[str, pa.DataType]:
    return dict.fromkeys(names, kind)


_TEXT, _WHOLE, _NUMBER, _YES = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_TEXTS, _WHOLES, _NUMBERS = (pa.list_(kind) for kind in (_TEXT, _WHOLE, _NUMBER))

_KEY = {"layer": _TEXT, "class": _TEXT}
_FITTED = {"iterations": _WHOLE, "converged": _YES, "dead": _WHOLE}
_SCORES = ("relative_l2", "zeros", "stability", "wasserstein", "frechet", "out_of_distribution")
_FAITHFUL = ("deletion", "insertion", "mu_fidelity", "gain")

CLASS_TABLES: dict[str, pa.Schema] = {
    name: pa.schema(list((_KEY | columns).items()))
    for name, columns in {
        "classes": _columns(("images", "predicted"), _WHOLE)
        | _columns(("accuracy", "logit", "unexplained", "relative_l2"), _NUMBER)
        | _FITTED
        | {"linear": _YES, "strategies": _WHOLE, "silhouette": _NUMBER}
        | _columns(("marked_share", "marked_ami", "marked_ami_shuffled", "marked_ami_high"), _NUMBER)
        | {"reason": _TEXT},
        "concepts": {"concept": _WHOLE}
        | _columns(("importance", "contribution", "share", "prevalence", "reliability"), _NUMBER)
        | _columns(("linear_prevalence", "linear_reliability", "energy"), _NUMBER)
        | {"aligned_classes": _TEXTS, "alignments": _NUMBERS},
        "crops": _columns(("concept", "rank", "index", "top", "left", "height", "width"), _WHOLE)
        | {"code": _NUMBER, "picture": pa.binary()},
        "pictures": {"index": _WHOLE, "label": _TEXT, "correct": _YES, "marked": _YES, "x": _NUMBER, "y": _NUMBER}
        | {"strategy": _WHOLE, "dominant": _WHOLE, "importance": _NUMBERS, "thumbnail": pa.binary()},
        "strategies": _columns(("strategy", "images"), _WHOLE)
        | _columns(("accuracy", "marked_share"), _NUMBER)
        | {"concepts": _WHOLES, "differences": _NUMBERS},
        "extractions": {"extraction": _TEXT, "concepts": _WHOLE}
        | _columns(_SCORES, _NUMBER)
        | _FITTED
        | _columns(("unexplained", *_FAITHFUL), _NUMBER)
        | {"reason": _TEXT},
        "importances": {"method": _TEXT}
        | _columns(_FAITHFUL, _NUMBER)
        | _columns(("random_deletion", "random_insertion", "optimum_deletion", "optimum_insertion"), _NUMBER)
        | _columns(("constant", "draws"), _WHOLE),
        "kept": {"number": _WHOLE, "concept": _WHOLE, "vector": pa.list_(pa.float32())}
        | {"views": _WHOLE, "features": _NUMBERS, "mass": _NUMBER},
    }.items()
}
"""By table, what is written of a class by itself; ``kept`` is what classes are compared by, and goes into no record."""

CONCEPTS = pa.schema(
    [
        *_KEY.items(),
        ("concept", _WHOLE),
        ("unit", _WHOLE),
        *_columns(("name", "runner_up"), _TEXT).items(),
        ("name_score", _NUMBER),
        *list(CLASS_TABLES["concepts"])[3:],
        ("similar", _TEXTS),
        ("similarities", _NUMBERS),
    ]
)
"""Of the table ``concepts`` of a record: what was written class by class, names, and what is similar elsewhere."""

SHARED = pa.schema(
    [
        *_KEY.items(),
        ("concept", _WHOLE),
        ("name", _TEXT),
        ("other_class", _TEXT),
        ("other_concept", _WHOLE),
        ("other_name", _TEXT),
        ("cosine", _NUMBER),
    ]
)
"""Of the table ``shared``: pairs of concepts of different classes."""
