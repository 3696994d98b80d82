"""Modules that are imported when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rivalry.on_demand import on_demand


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name of a module that can be imported, and tells when it is."""
    (tmp_path / "told_when_imported").mkdir()
    (tmp_path / "told_when_imported/__init__.py").write_text("print('imported')\nvalue = 3\n")
    (tmp_path / "told_when_imported/within.py").write_text("value = 4\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "told_when_imported"
    for name in ("told_when_imported", "told_when_imported.within"):
        sys.modules.pop(name, None)


def test_a_module_is_imported_when_it_is_used(installed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with on_demand(installed):
        module = __import__(installed)
    assert installed not in sys.modules
    assert capsys.readouterr().out == ""
    assert module.value == 3
    assert capsys.readouterr().out == "imported\n"
    assert sys.modules[installed].value == 3
    with pytest.raises(AttributeError, match="colour"):
        _ = module.colour


def test_a_module_that_is_used_at_once_is_imported_at_once(installed: str) -> None:
    with on_demand(installed):
        assert __import__(f"{installed}.within").within.value == 4
    assert sys.modules[installed].value == 3


def test_what_is_imported_already_or_not_installed_is_left_alone(installed: str) -> None:
    before = __import__(installed)
    with on_demand(installed):
        assert __import__(installed) is before
    assert sys.modules[installed] is before
    with on_demand("not_installed_at_all"), pytest.raises(ModuleNotFoundError):
        __import__("not_installed_at_all")


def test_the_stand_in_goes_after_an_exception(installed: str) -> None:
    with pytest.raises(RuntimeError, match="broken"), on_demand(installed):
        raise RuntimeError("broken")
    assert installed not in sys.modules
