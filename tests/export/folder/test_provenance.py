"""``provenance.json``: what is written comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rivalry.export.folder import Provenance

WRITTEN: dict[str, Any] = {
    "versions": {"rivalry": "0.1.0"},
    "commit": None,
    "run": "first",
    "epoch": 3,
    "step": 40,
    "weights": "ab12",
    "configuration": {"seed_everything": 0, "end": "NaN"},
    "seeds": {"seed_everything": 0},
    "data": {"train": "cd34"},
    "records": {"neurons": {"clip": "ViT-B-16", "epoch": 3, "same_weights": True}},
    "labels": {"act1": "neurons"},
    "scores": {"val/top1": 0.5},
}


def test_what_is_written_comes_back() -> None:
    assert json.loads(json.dumps(Provenance(**WRITTEN).to_json())) == WRITTEN
    assert Provenance.from_json(WRITTEN) == Provenance(**WRITTEN)
    assert Provenance.from_json({**WRITTEN, "configuration": None}).configuration is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("records", [], "provenance.json: records is an object"),
        ("commit", 7, "provenance.json: commit is a text"),
        ("configuration", "yaml", "provenance.json: configuration is an object"),
        ("step", -1, "provenance.json: step is a whole number of 0 or more"),
    ],
)
def test_what_is_of_another_kind_is_refused(name: str, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Provenance.from_json({**WRITTEN, name: value})


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match=r"provenance\.json lacks 'scores'"):
        Provenance.from_json({name: value for name, value in WRITTEN.items() if name != "scores"})
