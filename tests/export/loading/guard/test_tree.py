"""Links, devices and files of other kinds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rivalry.export.folder.sums import check_sums, write_sums
from rivalry.export.loading.guard import tree
from rivalry.export.loading.guard.tree import check_tree


def test_a_folder_as_it_was_written_passes(folder: Path) -> None:
    check_tree(folder)


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    (folder / "provenance.json").unlink()
    (folder / "provenance.json").symlink_to(secret)
    with pytest.raises(ValueError, match=r"'provenance.json' in .* is a link to another place"):
        check_tree(folder)


def test_a_link_to_a_folder_is_refused_and_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "records/epoch=0009").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ValueError, match=r"'records/epoch=0009' in .* is a link to another place"):
        check_tree(folder)


def test_a_pipe_is_refused_and_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.json")
    with pytest.raises(ValueError, match=r"'pipe.json' in .* is no plain file"):
        check_tree(folder)


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "more.safetensors", "records/code.py", "weights.pkl", "sitecustom"]
)
def test_files_of_other_kinds_are_refused_although_the_sums_know_them(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"")
    write_sums(folder)
    with pytest.raises(ValueError, match=f"'{name}' in .* is of a kind that no dissected checkpoint has"):
        check_tree(folder)


def test_what_git_and_downloads_leave_is_not_looked_at(folder: Path, tmp_path: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git/config").write_text("[core]")
    (folder / ".cache").symlink_to(tmp_path)
    (folder / ".gitattributes").write_text("*.parquet filter=lfs")
    check_tree(folder)
    check_sums(folder)
    (folder / "records/.git").write_text("")
    with pytest.raises(ValueError, match=r"'records/\.git' in .* is of a kind"):
        check_tree(folder)
    with pytest.raises(ValueError, match=r"holds 'records/\.git', which"):
        check_sums(folder)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "neurons.parquet").unlink()
    with pytest.raises(ValueError, match=r"lacks neurons\.parquet: it is no dissected checkpoint"):
        check_tree(folder)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere; wanted a dissected checkpoint"):
        check_tree(tmp_path / "nowhere")


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_FILES", 9)
    with pytest.raises(ValueError, match="holds more than 9 files"):
        check_tree(folder)
