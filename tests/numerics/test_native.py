"""C++ of ours: compiled once a machine, found again, and a clear word where it cannot be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rivalry.numerics.native import NotCompiled, native_library

SOURCE = 'extern "C" int rivalry_double(int value) { return 2 * value; }\n'


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "cache"))
    native_library.cache_clear()
    file = tmp_path / "double.cpp"
    file.write_text(SOURCE, encoding="utf-8")
    return file


def test_it_is_compiled_once_and_kept_by_its_content(source: Path, tmp_path: Path) -> None:
    try:
        assert native_library(source).rivalry_double(21) == 42
    except NotCompiled as why:
        pytest.skip(str(why))
    kept = list((tmp_path / "cache" / "native").iterdir())
    assert len(kept) == 1
    written = kept[0].stat().st_mtime_ns
    native_library.cache_clear()
    assert native_library(source).rivalry_double(4) == 8
    assert kept[0].stat().st_mtime_ns == written
    source.write_text(SOURCE.replace("2 * value", "3 * value"), encoding="utf-8")
    native_library.cache_clear()
    assert native_library(source).rivalry_double(4) == 12


def test_another_header_is_another_library(source: Path) -> None:
    source.write_text('#include "factor.h"\n' + SOURCE.replace("2 * value", "FACTOR * value"), encoding="utf-8")
    for factor in (5, 7):
        source.with_name("factor.h").write_text(f"#define FACTOR {factor}\n", encoding="utf-8")
        native_library.cache_clear()
        try:
            assert native_library(source).rivalry_double(3) == 3 * factor
        except NotCompiled as why:
            pytest.skip(str(why))


def test_without_a_compiler_it_says_which_was_wanted(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler --flag")
    with pytest.raises(NotCompiled, match=r"no C\+\+ compiler \(no-such-compiler\)"):
        native_library(source)


def test_what_does_not_compile_says_why_and_leaves_nothing(source: Path, tmp_path: Path) -> None:
    source.write_text("this is no C++", encoding="utf-8")
    with pytest.raises(NotCompiled, match=r"cannot compile double.cpp|no C\+\+ compiler"):
        native_library(source)
    assert not list((tmp_path / "cache").glob("native/*"))


def test_a_cache_that_cannot_be_written_is_no_crash(source: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(NotCompiled, match=r"library of double.cpp cannot be kept|no C\+\+ compiler"):
        native_library(source)


def test_a_library_of_somebody_else_is_not_run(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        native_library(source)
    except NotCompiled as why:
        pytest.skip(str(why))
    native_library.cache_clear()
    own = Path.stat

    def planted(path: Path, **options: Any) -> Any:
        status = own(path, **options)
        return os.stat_result((*status[:4], status.st_uid + 1, *status[5:])) if path.suffix == ".so" else status

    monkeypatch.setattr(Path, "stat", planted)
    with pytest.raises(NotCompiled, match="belongs to somebody else"):
        native_library(source)
