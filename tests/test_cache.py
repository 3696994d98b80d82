"""The cache: where it is, and that a folder in it appears whole or not at all."""

from pathlib import Path

import pytest

from rivalry.cache import cache_folder, written_file, written_whole


def test_the_variable_decides_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "here"))
    assert cache_folder("clip") == tmp_path / "here" / "clip"
    assert cache_folder("clip").is_dir()
    assert cache_folder() == tmp_path / "here"


def test_without_the_variable_the_cache_is_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RIVALRY_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("clip") == tmp_path / ".cache" / "rivalry" / "clip"


@pytest.mark.parametrize("part", ["..", "a/b", "/tmp", "../up"])
def test_no_part_leads_out_of_the_cache(part: str) -> None:
    with pytest.raises(ValueError, match="one plain folder name"):
        cache_folder(part)


def test_a_folder_is_not_seen_before_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    with written_whole(folder) as draft:
        (draft / "page").write_text("1")
        assert not folder.exists()
        assert draft.parent == tmp_path  # a rename within one file system
    assert (folder / "page").read_text() == "1"
    assert list(tmp_path.iterdir()) == [folder]


def test_after_an_exception_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="paper"), written_whole(tmp_path / "book"):
        raise RuntimeError("out of paper")
    assert list(tmp_path.iterdir()) == []


def test_of_two_writers_the_first_one_stays(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    with written_whole(folder) as slow:
        (slow / "page").write_text("slow")
        with written_whole(folder) as quick:
            (quick / "page").write_text("quick")
    assert (folder / "page").read_text() == "quick"
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    with pytest.raises(OSError, match="book"), written_whole(folder):
        folder.write_text("a file is in the way")


def test_a_file_is_not_seen_before_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_text("old")
    with written_file(file) as draft:
        draft.write(b"new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_after_an_exception_the_old_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_text("old")
    with pytest.raises(RuntimeError, match="ink"), written_file(file):
        raise RuntimeError("out of ink")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
