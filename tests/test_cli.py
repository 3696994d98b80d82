"""The command line as a whole: what answers at once, and what it says to nonsense."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rivalry import __version__
from rivalry.cli import OTHERS, TRAINING, main

ROOT = Path(__file__).parents[1]


def answer_of(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a process says that tells at its end which heavy packages it has imported."""
    code = (
        "import sys; sys.argv[0] = '/somewhere/bin/rivalry'\n"
        "from rivalry.cli import main\n"
        "status = main()\n"
        "print('heavy:', sorted({'torch', 'timm', 'lightning', 'wandb', 'numpy'} & set(sys.modules)))\n"
        "sys.exit(status)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, timeout=60
    )


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], []])
def test_help_answers_without_importing_torch(arguments: list[str]) -> None:
    answer = answer_of(*arguments)
    assert answer.returncode == 0
    assert "heavy: []" in answer.stdout
    for command in (*TRAINING, *OTHERS):
        assert f"  {command} " in answer.stdout


def test_the_version_answers_at_once() -> None:
    answer = answer_of("--version")
    assert answer.stdout.splitlines() == [__version__, "heavy: []"]


def test_nonsense_is_told_at_once_with_the_nearest_command() -> None:
    answer = answer_of("anlyze")
    assert answer.returncode == 2
    assert answer.stderr == "rivalry: no command 'anlyze'; did you mean 'analyze'? See rivalry --help\n"
    assert "heavy: []" in answer.stdout
    assert "did you mean 'fit'" in answer_of("fitt").stderr


@pytest.mark.parametrize(("command", "option"), [("fit", "--config"), ("analyze", "--config"), ("clusters", "--model")])
def test_each_command_has_help_of_its_own(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert re.match(rf"usage: rivalry (\[options\] )?{command} ", said)
    assert option in said


def test_a_missing_file_is_one_message_and_status_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--config", "no-such-file.yaml"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("rivalry fit: ")
    assert "no-such-file.yaml" in said
    assert len(said.splitlines()) == 1


def test_an_error_gives_the_terminal_no_commands(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "harm\x1b[2Jful").mkdir()
    assert main(["compare", str(tmp_path / "harmful"), str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "nearest: " in said
    assert "harm�[2Jful" in said
    assert "\x1b" not in said


def test_an_error_of_our_own_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from rivalry.training import analyze

    def fail(_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(analyze, "analyze_from_arguments", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["analyze", "x"])
