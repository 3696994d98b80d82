"""Dissected checkpoints that somebody has spoiled, by accident or on purpose: each is refused in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import rivalry
from rivalry.export.folder.sums import write_sums
from tests.export.loading.folders import change_json, neurons_of, write_folder


def refused(folder: Path) -> str:
    """What loading says, in one line."""
    with pytest.raises(ValueError, match=r"\A.+\Z") as caught:
        rivalry.load(folder)
    return str(caught.value)


def test_a_tampered_weight_is_refused(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-5] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(content))
    assert re.search("'model.safetensors' in .* is not the file that was exported", refused(folder))


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "records/epoch=0002/neurons/units.parquet").unlink()
    assert "lacks 'records/epoch=0002/neurons/units.parquet'" in refused(folder)


def test_a_file_that_the_sums_do_not_know_is_refused(folder: Path) -> None:
    (folder / "more.json").write_text("{}")
    assert "holds 'more.json', which SHA256SUMS does not list" in refused(folder)


@pytest.mark.parametrize("line", ["../secret.json", "/etc/passwd", "records/../../secret.json"])
def test_sums_that_lead_out_of_the_folder_are_refused(line: str, folder: Path) -> None:
    with (folder / "SHA256SUMS").open("a") as opened:
        opened.write(f"{'0' * 64}  {line}\n")
    assert f"'{line}' is no file of the folder" in refused(folder)


def test_a_newer_schema_is_refused_with_the_version_that_wrote_it(folder: Path) -> None:
    change_json(folder / "config.json", lambda told: told["dissection"].update(version=2, rivalry="0.9.0"))
    said = refused(folder)
    assert "version 2" in said
    assert "0.9.0" in said


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(tmp_path)
    assert "'README.md'" in refused(folder)


def test_ten_gigabytes_in_a_header_are_refused(folder: Path) -> None:
    header = {"a": {"dtype": "F32", "shape": [10**10 // 4], "data_offsets": [0, 10**10]}}
    written = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(written).to_bytes(8, "little") + written)
    write_sums(folder)
    assert "claims to hold 10,000,000,000 bytes of tensors, and has 0" in refused(folder)


def _renamed(neurons: pa.Table) -> pa.Table:
    return neurons.set_column(0, "layer", pa.array(["layer9"] * len(neurons)))


def _beyond(neurons: pa.Table) -> pa.Table:
    return neurons.set_column(1, "unit", pc.add(neurons["unit"], 1))


def _doubled(neurons: pa.Table) -> pa.Table:
    return pa.concat_tables([neurons, neurons.slice(0, 1)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_renamed, "speaks of layer 'layer9', which is not dissected"),
        (_beyond, "of layer 'layer4.0.act2', which has 256 units"),
        (_doubled, "twice"),
        (lambda neurons: neurons.slice(1), "255 of the 256 units"),
        (lambda neurons: neurons.drop_columns(["label"]), "'label' 0 times"),
        (lambda neurons: neurons.append_column("code", neurons["label"]), "'code'"),
    ],
)
def test_neurons_that_the_network_has_not_are_refused(
    change: Callable[[pa.Table], pa.Table], said: str, folder: Path
) -> None:
    units = len(pq.read_table(folder / "neurons.parquet"))
    pq.write_table(change(neurons_of("layer4.0.act2", units)), folder / "neurons.parquet")
    write_sums(folder)
    assert said.replace("256", str(units)).replace("255", str(units - 1)) in refused(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda layers: layers.update(layer9=layers["layer1.0.act2"]),
            "'layer9', which the network has not; the nearest",
        ),
        (lambda layers: layers.update({"*": layers["layer1.0.act2"]}), "speaks of layer '*', which the network"),
        (lambda layers: layers.pop("layer1.0.act2"), "units of layer 'layer1.0.act2' compete"),
        (lambda layers: layers["layer1.0.act2"].update(competitors=2), "has blocks of 2, the network 4"),
        (
            lambda layers: layers["layer1.0.act2"].update(units=4),
            "'layer1.0.act2' has 4 units along axis 1; the network",
        ),
        (lambda layers: layers["layer1.0.act2"].update(axis=7), "along axis 7; the network gives"),
    ],
)
def test_layers_that_the_network_has_not_are_refused(
    change: Callable[[dict[str, Any]], object], said: str, folder: Path
) -> None:
    change_json(folder / "config.json", lambda told: change(told["dissection"]["layers"]))
    assert said in refused(folder)


def test_pictures_that_the_network_does_not_take_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", "test_vit", "blocks.1.mlp.act", img_size=64, dynamic_img_size=False)
    change_json(tmp_path / "there/config.json", lambda told: told["dissection"]["images"].update(side=48))
    said = refused(tmp_path / "there")
    assert said.startswith("config.json: the network does not take pictures of 48 pixels a side: Input height")


def test_a_competition_that_cannot_be_built_is_refused(folder: Path) -> None:
    change_json(folder / "config.json", lambda told: told["model_args"]["competitors"].update({"layer4.0.act2": 7}))
    assert "config.json: lwta cannot be built: " in refused(folder)


def test_a_record_that_is_not_there_is_refused(folder: Path) -> None:
    change_json(
        folder / "config.json", lambda told: told["dissection"]["records"].append({"name": "bases", "epoch": 1})
    )
    assert "speaks of a record" in refused(folder)


def test_a_record_that_leads_out_of_the_folder_is_refused(folder: Path) -> None:
    change_json(folder / "config.json", lambda told: told["dissection"]["records"][0].update(name="../../.."))
    assert "'../../..' cannot be the name of a file" in refused(folder)


def test_a_record_with_a_huge_table_is_refused_when_it_is_asked_for(folder: Path) -> None:
    file = folder / "records/epoch=0002/neurons/units.parquet"
    with pq.ParquetWriter(file, pa.schema({"unit": pa.int8()})) as writer:
        for _ in range(3):
            writer.write_table(pa.table({"unit": pa.nulls(8_000_000, pa.int8())}), row_group_size=8_000_000)
    write_sums(folder)
    checkpoint = rivalry.load(folder)
    with pytest.raises(ValueError, match="claims 24,000,000 rows; at most 20,000,000 are read"):
        checkpoint.records["neurons"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda told: told["files"].update(tables={"units": "units.json"}),
            "tables lie in files that end in '.parquet'",
        ),
        (
            lambda told: told["files"].update(images={"mosaic": "units.parquet"}),
            "images lie in files that end in '.png'",
        ),
        (
            lambda told: told["files"].update(tables={"units": "../../../neurons.parquet"}),
            "cannot be the name of a file",
        ),
        (lambda told: told.update(scalars={"dead": "half"}), "is not as one is written"),
        (lambda told: told.update(version=2), "has version 2, this Rivalry reads version 1"),
        (lambda told: told.pop("files"), "lacks 'files'"),
    ],
)
def test_a_record_that_lists_other_files_than_its_own_is_refused(
    change: Callable[[dict[str, Any]], object], said: str, folder: Path
) -> None:
    change_json(folder / "records/epoch=0002/neurons/record.json", change, folder)
    records = rivalry.load(folder).records
    with pytest.raises(ValueError, match=re.escape(said)):
        records["neurons"]


def test_what_is_no_dissected_checkpoint_is_refused(folder: Path) -> None:
    change_json(folder / "config.json", lambda told: told.pop("dissection"))
    assert "has no 'dissection': this is no dissected checkpoint" in refused(folder)
