"""``rivalry lens``: what it says, what it refuses, and how it serves."""

from __future__ import annotations

import json
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest

from rivalry.lens.site import command
from rivalry.lens.site.command import lens_from_arguments
from tests.lens.site.small_runs import write_neurons


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_neurons(tmp_path / "first", 1)
    return tmp_path / "first"


def test_the_site_lies_in_the_run_and_the_last_lines_say_so(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built = lens_from_arguments([str(run), "--workers", "1"])
    said = capsys.readouterr().out
    assert built is not None
    assert (run / "lens" / "index.html").is_file()
    assert f"{run}/lens/index.html  {built.pages} pages, all made" in said
    lens_from_arguments([str(run), "--workers", "1"])
    assert f"of {built.made} parts made" in capsys.readouterr().out


def test_the_site_of_a_dissected_checkpoint_leaves_its_folder_as_it_is(run: Path) -> None:
    (run / "SHA256SUMS").write_text("")
    before = sorted(run.rglob("*"))
    lens_from_arguments([str(run), "--workers", "1"])
    assert sorted(run.rglob("*")) == before
    assert (run.parent / "first-lens" / "index.html").is_file()


def test_it_may_lie_elsewhere_and_beside_another(run: Path, tmp_path: Path) -> None:
    write_neurons(tmp_path / "twin", 1)
    arguments = [str(run), "--workers", "1", "--out", str(tmp_path / "site"), "--beside", str(tmp_path / "twin")]
    lens_from_arguments(arguments)
    assert "beside twin" in (tmp_path / "site" / "index.html").read_text()
    assert not (run / "lens").exists()


def test_what_could_not_be_shown_is_told_without_commands_to_the_terminal(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = write_neurons(run, 2)
    header = json.loads((broken / "record.json").read_text())
    (broken / "record.json").write_text(json.dumps({**header, "version": "\x1b[31m[bold]9"}))
    built = lens_from_arguments([str(run), "--workers", "1"])
    said = capsys.readouterr().out
    assert built is not None
    assert "epoch=0002/neurons: left out: " in said
    assert "[bold]9" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{run}x"], "is no folder: wanted the folder of a run, or of a dissected checkpoint; nearest: .*first"),
        (["{run}", "--beside", "{run}/records/epoch=0001"], "holds no records"),
        (["{run}", "--workers", "0"], "--workers is 1 or more, got 0"),
        (["{run}", "--out", "{run}"], "holds files that are no site of Rivalry"),
        (["{run}", "--out", "{run}/records/epoch=0001/neurons/record.json"], "is a file; wanted a folder"),
        (["{run}", "--nothing"], "nothing"),
        ([], "run"),
    ],
)
def test_what_is_wrong_is_one_error(run: Path, arguments: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        lens_from_arguments([part.format(run=run) for part in arguments])


def test_a_place_that_cannot_be_written_is_an_error_of_one_line(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command, "build", full)
    with pytest.raises(ValueError, match=r"the site cannot be written to .*lens: No space left on device"):
        lens_from_arguments([str(run)])


def test_a_build_that_the_user_ends_says_how_to_go_on(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "build", end)
    with pytest.raises(SystemExit, match="130"):
        lens_from_arguments([str(run)])
    assert "the same command goes on where it was" in capsys.readouterr().out


def test_open_shows_the_file_or_says_where_it_is(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url))
    lens_from_arguments([str(run), "--workers", "1", "--open"])
    assert opened == [(run / "lens" / "index.html").resolve().as_uri()]
    assert "no browser could be opened; see file:///" in capsys.readouterr().out


def test_serving_builds_and_ends_when_it_is_told_to(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stamps: list[str] = []

    def look(roots: list[Path], rebuild: object, seen: str) -> None:
        rebuild()
        write_neurons(roots[0], 2)
        rebuild()
        stamps.append(seen)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "watch", look)
    assert lens_from_arguments([str(run), "--workers", "1", "--serve", "--port", "0"]) is None
    said = capsys.readouterr().out
    assert "http://127.0.0.1:" in said
    assert said.rstrip().endswith("ended")
    assert 'data-epochs="1 2"' in (run / "lens" / "index.html").read_text()


def test_serving_goes_on_when_a_build_has_failed(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, looked = command.build, []

    def full(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    def look(roots: list[Path], rebuild: object, seen: str) -> None:
        for build in (full, whole):
            monkeypatch.setattr(command, "build", build)
            write_neurons(roots[0], 2)
            rebuild()
            looked.append('data-epochs="1 2"' in (run / "lens" / "index.html").read_text())
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "watch", look)
    lens_from_arguments([str(run), "--workers", "1", "--serve", "--port", "0"])
    assert looked == [False, True]
    assert "No space left on device" in capsys.readouterr().out


def test_serving_follows_both_runs(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_neurons(tmp_path / "twin", 1)
    followed: list[list[Path]] = []

    def look(roots: list[Path], rebuild: object, seen: str) -> None:
        followed.append(roots)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "watch", look)
    lens_from_arguments([str(run), "--beside", str(tmp_path / "twin"), "--workers", "1", "--serve", "--port", "0"])
    assert followed == [[run, tmp_path / "twin"]]


def test_serving_waits_for_the_first_record_but_not_for_a_wrong_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "young").mkdir()

    def look(roots: list[Path], rebuild: object, seen: str) -> None:
        rebuild()
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "watch", look)
    lens_from_arguments([str(tmp_path / "young"), "--serve", "--port", "0"])
    assert not (tmp_path / "young" / "lens" / "index.html").exists()
    with pytest.raises(ValueError, match="is no folder"):
        lens_from_arguments([str(tmp_path / "yuong"), "--serve", "--port", "0"])


def test_the_command_needs_no_torch() -> None:
    script = (
        "import sys; sys.argv = ['rivalry']\n"
        "import importlib, rivalry.lens.site.command, rivalry.lens.site.building as building\n"
        "[importlib.import_module(f'rivalry.lens.site.{name}') for name in building.SECTIONS]\n"
        "print([name for name in ('torch', 'timm', 'lightning', 'wandb', 'matplotlib') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "[]"


def test_help_teaches_by_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        lens_from_arguments(["--help"])
    said = capsys.readouterr().out
    assert "rivalry lens runs/first --serve " in said
    assert "--beside RUN" in said
