"""``SHA256SUMS``: GNU's tool takes it, and whatever is not as it was written is named."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rivalry.export.folder.sums import check_sums, files_of, read_sums, sum_of, write_sums

ZEROS = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "records" / "epoch=0003").mkdir(parents=True)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "records" / "epoch=0003" / "b.parquet").write_bytes(b"\0\1")
    write_sums(tmp_path)
    return tmp_path


def test_known_sum_of_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sum_of(tmp_path / "empty").startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_the_folder_that_was_written_is_whole(folder: Path) -> None:
    check_sums(folder)
    assert files_of(folder) == ["config.json", "records/epoch=0003/b.parquet"]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="GNU's sha256sum is not installed")
def test_gnu_checks_the_folder(folder: Path) -> None:
    check = ["sha256sum", "-c", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode == 0
    (folder / "config.json").write_text("[]")
    assert subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "config.json").write_text("[]"), "'config.json' in .* is not the file that was"),
        (lambda folder: (folder / "config.json").unlink(), "lacks 'config.json', which SHA256SUMS lists"),
        (lambda folder: (folder / "records" / "more").touch(), "holds 'records/more', which SHA256SUMS does not list"),
        (lambda folder: (folder / ".hidden").touch(), "holds '.hidden'"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "has no SHA256SUMS"),
    ],
)
def test_what_was_changed_is_named(folder: Path, change: Callable[[Path], None], said: str) -> None:
    change(folder)
    with pytest.raises(ValueError, match=said):
        check_sums(folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{ZEROS}  ../config.json", "no file of the folder"),
        (f"{ZEROS}  /etc/passwd", "no file of the folder"),
        (f"{ZEROS}  a/./b", "no file of the folder"),
        (f"{ZEROS}  a\\b", "no file of the folder"),
        (f"{ZEROS}  SHA256SUMS", "no file of the folder"),
        (f"{ZEROS} config.json", "wanted 64 hex digits, two spaces and a file"),
        ("config.json", "line 1: wanted"),
        (f"{ZEROS}  a\n{ZEROS}  a", "line 2: 'a' stands there twice"),
    ],
)
def test_lines_that_are_no_sums_are_refused(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_sums(line)
