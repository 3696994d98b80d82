"""Wrong settings are told in one line, with the setting's name."""

from __future__ import annotations

from pathlib import Path

import pytest

import rivalry
from rivalry.training.complaints import in_few_words
from tests.training.written_run import rivalry as command
from tests.training.written_run import write_settings


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model.competition.temperature.start", "-1"], "competition.temperature stays above zero, got (-1.0,)"),
        (["--model.competition.sharpness.start", "-1"], "a geometric schedule needs values above zero, got -1.0"),
        (["--model.competition.sharpness.shape", "lineer"], "model.competition.sharpness.shape: "),
        (["--model.evaluation.samples", "-3"], "evaluation.samples and .seed are 0 or more, got -3 and 0"),
        (["--model.teacher.name", "x"], "model.teacher: the following arguments are required: weights"),
        (["--model.optimisation.optimiser", "sdg"], "timm knows no optimiser 'sdg'; the nearest are sgd"),
        (["--model.optimisation.schedule", "cosin"], "unknown schedule 'cosin' of the rate; the nearest are cosine"),
        (["--model.optimisation.freeze", "[layr1]"], "freeze: nothing is called 'layr1'; the nearest are layer1"),
        (["--model.regularisation.loss", "hinge"], "'cross_entropy', 'binary'"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    settings = write_settings(tmp_path / "tiles.yaml")
    assert command("fit", "--config", settings, "--name", "x", "--runs", tmp_path / "runs", *arguments) == 2
    error = capsys.readouterr().err.split("rivalry fit: ")[-1].strip()
    assert said in error
    assert len(error.splitlines()) == 1
    assert "NoneType" not in error


def test_other_complaints_are_left_as_they_are() -> None:
    assert in_few_words("unrecognized arguments:\n  --x") == "unrecognized arguments:\n  --x"


@pytest.mark.parametrize("written", ["99.0", "0.1.1", rivalry.__version__ + ".1"])
def test_settings_of_a_newer_version_are_refused_before_their_options_are_called_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    settings = write_settings(tmp_path / "config.yaml", rivalry=written, model__telepathy=True)
    assert command("fit", f"--config={settings}", "--name", "x", "--runs", tmp_path / "runs") == 2
    said = capsys.readouterr().err
    assert f"was written by Rivalry {written}, and this is {rivalry.__version__}" in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("text", ["model: [", "- 1"])
def test_what_is_no_settings_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (tmp_path / "broken.yaml").write_text(text)
    assert command("fit", "--config", tmp_path / "broken.yaml", "--name", "x", "--runs", tmp_path / "runs") == 2
    assert "Traceback" not in capsys.readouterr().err
