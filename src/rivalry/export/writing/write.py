"""Write a dissected checkpoint so that others see it whole or not at all, and only after it has been loaded again.

The folder is filled beside its place, loaded from there, compared with what it was made of, and then renamed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq
import torch
from safetensors.torch import save_file
from torch import Tensor

from rivalry.export.folder.layout import CARD, CONFIGURATION, LEFT_BESIDE, NEURONS, PROVENANCE, SUMS, WEIGHTS
from rivalry.export.folder.sums import files_of, read_sums, write_sums
from rivalry.export.writing.card import draw_pictures, model_card
from rivalry.export.writing.contents import Contents
from rivalry.export.writing.records import copy_records

Told = TypeVar("Told")


def check_place(folder: Path, *, overwrite: bool) -> None:
    """Refuse a place where something would be lost, before any work.

    Raises:
        ValueError: If a file is there, or a folder that holds anything but a dissected checkpoint, be it beside one;
            also one of these, unless it may be overwritten.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file; a dissected checkpoint is a folder: give another name by --out")
    if not any(folder.iterdir()):
        return
    if not _is_dissected(folder):
        raise ValueError(f"{folder} holds something that is no dissected checkpoint: give another name by --out")
    if not overwrite:
        raise ValueError(f"there is a dissected checkpoint in {folder}: --overwrite replaces it")
    if strange := _strange(folder):
        raise ValueError(
            f"{folder} holds {strange[0]!r} beside a dissected checkpoint, and would lose it: move it away"
        )


def write(contents: Contents, folder: Path, *, finish: Callable[[Path], Told], licence: str | None = None) -> Told:
    """Write it.

    Args:
        contents: What is written.
        folder: Its place; a dissected checkpoint that is there is replaced.
        finish: Is given the draft, sums and all, before it comes to its place; what it raises leaves no trace.
        licence: That the card states.

    Returns:
        What ``finish`` returns.
    """
    with _drafted(folder) as draft:
        save_file(_parted(contents.network.state_dict()), draft / WEIGHTS, metadata={"format": "pt"})
        _write_json(draft / CONFIGURATION, contents.configuration.to_json())
        shutil.copymode(draft / CONFIGURATION, draft / WEIGHTS)  # safetensors lets nobody but the owner read
        _write_json(draft / PROVENANCE, contents.provenance.to_json())
        pq.write_table(contents.neurons, draft / NEURONS, compression="zstd")
        copy_records(contents.records, draft)
        pictures = draw_pictures(contents.drawn, draft)
        (draft / CARD).write_text(model_card(contents, pictures, licence), encoding="utf-8")
        write_sums(draft)
        return finish(draft)


@contextmanager
def _drafted(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of ``folder`` when the block ends; after an exception nothing is left."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    draft, before = workplace / folder.name, workplace / "before"
    try:
        draft.mkdir()
        yield draft
        if folder.exists():
            folder.rename(before)
        try:
            draft.rename(folder)
        except OSError:
            if before.exists():
                before.rename(folder)
            raise
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _parted(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that share no memory, as safetensors wants them: CoaT's blocks have weights in common.

    Whoever builds the network again ties them again.
    """
    parted: dict[str, Tensor] = {}
    taken: set[int] = set()
    for name, tensor in state.items():
        place = tensor.untyped_storage().data_ptr()
        parted[name] = tensor.clone(memory_format=torch.contiguous_format) if place in taken else tensor.contiguous()
        taken.add(place)
    return parted


def _is_dissected(folder: Path) -> bool:
    try:
        return "dissection" in json.loads((folder / CONFIGURATION).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def _strange(folder: Path) -> list[str]:
    """What lies in a dissected checkpoint's folder and is no part of it."""
    sums = folder / SUMS
    known = read_sums(sums.read_text(encoding="utf-8")) if sums.is_file() else {}
    beside = [name for name in LEFT_BESIDE if (folder / name).exists()]
    return beside + [name for name in files_of(folder) if name not in known]


def _write_json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
