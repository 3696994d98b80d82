"""Where there is no PyTorch: the same logits, the same winners, any batch."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import rivalry
from rivalry.export.loading.onnx import check_onnx_packages, to_onnx
from rivalry.export.loading.parity import are_ties, check_parity
from rivalry.export.loading.program import export_program
from rivalry.lwta import LWTA, competitions
from rivalry.recording.taps import Taps
from tests.export.loading.folders import CLASSES, write_folder
from tests.export.loading.test_load import NETWORKS

onnxruntime = pytest.importorskip("onnxruntime")


def slowly(one: Any) -> Any:
    return pytest.param(*one.values, id=one.id, marks=pytest.mark.slow)


PICTURES = torch.randint(0, 256, (5, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("architecture", "layer", "arguments"), [NETWORKS[2], *map(slowly, NETWORKS[:2] + NETWORKS[3:])]
)
def test_onnxruntime_gives_the_logits_and_the_winners(
    architecture: str, layer: str, arguments: dict[str, Any], tmp_path: Path
) -> None:
    write_folder(tmp_path / "there", architecture, layer, **arguments)
    checkpoint = rivalry.load(tmp_path / "there")
    to_onnx(checkpoint, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    competing = list(competitions(checkpoint.network))
    assert {one.name for one in session.get_outputs()} == {"logits", *(f"winners/{name}" for name in competing)}
    given = dict(
        zip([one.name for one in session.get_outputs()], session.run(None, {"images": PICTURES.numpy()}), strict=True)
    )
    with Taps(checkpoint.network, competing) as taps:
        logits = checkpoint.logits(PICTURES)
        winners = taps.take()[1] if competing else {}
    assert np.abs(given["logits"] - logits.numpy()).max() <= 1e-4
    for name in competing:
        assert np.array_equal(given[f"winners/{name}"], winners[name].numpy())
    assert all(not layer.winner._forward_hooks for layer in competitions(checkpoint.network).values())


def test_a_file_says_what_its_outputs_mean(folder: Path, tmp_path: Path) -> None:
    checkpoint = rivalry.load(folder)
    to_onnx(checkpoint, tmp_path / "model.onnx")
    told = onnxruntime.InferenceSession(tmp_path / "model.onnx").get_modelmeta().custom_metadata_map
    assert json.loads(told["rivalry.classes"]) == list(CLASSES)
    layers = json.loads(told["rivalry.layers"])
    assert {name: layer["competitors"] for name, layer in layers.items()} == {"layer1.0.act2": 4, "layer4.0.act2": 2}
    assert layers["layer4.0.act2"]["dissected"] is True


def test_a_file_of_other_weights_is_found_out(folder: Path, tmp_path: Path) -> None:
    checkpoint = rivalry.load(folder)
    to_onnx(checkpoint, tmp_path / "model.onnx")
    parity = check_parity(checkpoint, tmp_path / "model.onnx", PICTURES)
    assert (parity.difference < 1e-5, parity.ties, parity.winners) == (True, 0, 1)
    with torch.no_grad():
        checkpoint.network.fc.bias.add_(1)
        with pytest.raises(ValueError, match=r"logits of onnxruntime differ by 1; at most 0\.0001"):
            check_parity(checkpoint, tmp_path / "model.onnx", PICTURES)
        next(checkpoint.network.parameters()).neg_()
        with pytest.raises(ValueError, match=r"other winners in layer .layer1\.0\.act2., and there was no tie"):
            check_parity(checkpoint, tmp_path / "model.onnx", PICTURES)


def test_a_tie_may_go_either_way() -> None:
    """Units along the second axis in blocks of two; the second picture has a tie, the third nearly."""
    layer, strengths = LWTA(2, dim=1), torch.tensor([[1.0, 3.0], [3.0, 3.0], [3.0, 3.0001]]).reshape(3, 2, 1, 1)
    first, second = (torch.full((3, 1, 1, 1), place) for place in (0, 1))
    assert are_ties(layer, strengths, first).tolist() == [False, True, True]
    assert are_ties(layer, strengths, second).tolist() == [True, True, True]


def test_an_exported_program_runs_without_rivalry(folder: Path, tmp_path: Path) -> None:
    checkpoint = rivalry.load(folder)
    program, layers = export_program(checkpoint)
    torch.export.save(program, tmp_path / "model.pt2")
    logits, *winners = torch.export.load(tmp_path / "model.pt2").module()(PICTURES)
    assert torch.allclose(logits, checkpoint.logits(PICTURES), atol=1e-5)
    assert layers == ("layer1.0.act2", "layer4.0.act2")
    assert [one.shape[0] for one in winners] == [5, 5]
    assert not any("rivalry" in str(node.target) for node in program.graph.nodes)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxscript" else found(name))
    with pytest.raises(ValueError, match=r"ONNX needs onnxscript: pip install 'rivalry\[onnx\]'"):
        check_onnx_packages()


def test_a_network_that_one_file_cannot_hold_is_refused(folder: Path, tmp_path: Path) -> None:
    huge = nn.Linear(10**6, 10**3, device="meta")
    with pytest.raises(ValueError, match="has 4,000,004,000 bytes of weights"):
        to_onnx(dataclasses.replace(rivalry.load(folder), network=huge), tmp_path / "model.onnx")
