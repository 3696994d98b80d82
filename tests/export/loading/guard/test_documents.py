"""JSON of bounded size."""

from __future__ import annotations

from pathlib import Path

import pytest

from rivalry.export.loading.guard.documents import LARGEST, read_json


def test_json_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": "Straße"}', encoding="utf-8")
    assert read_json(tmp_path / "a.json") == {"name": "Straße"}


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("wb") as opened:
        opened.truncate(LARGEST + 1)
    with pytest.raises(ValueError, match=r"a\.json has 67,108,865 bytes; at most 67,108,864 are read"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("text", ['{"a": ', "[" * 100_000, "9" * 10_000, ""])
def test_what_is_no_json_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"a\.json is no JSON: "):
        read_json(tmp_path / "a.json")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ValueError, match=r"a\.json is no text: invalid start byte at byte 7"):
        read_json(tmp_path / "a.json")
