"""Where a dissected checkpoint comes from, out of a run's settings."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rivalry.export.folder import Provenance
from rivalry.export.writing.provenance import gather_provenance
from tests.export.writing.sources import source_of

SETTINGS = """\
seed_everything: 7
model: {competition: {temperature: {start: 1.67, end: .nan}}}
data: {seed: 1, train: {init_args: {seed: 2}}}
analyses: [{init_args: {seed: 3}}, {init_args: {seed: true}}]
"""


def gathered(folder: Path, *, settings: bool) -> Provenance:
    source = source_of(folder)
    (folder / "config.yaml").write_text(SETTINGS)
    target = replace(source.target, configuration=folder / "config.yaml" if settings else None)
    return gather_provenance(replace(source, target=target), "ab", [], {})


def test_settings_and_seeds_are_those_of_the_run(tmp_path: Path) -> None:
    provenance = gathered(tmp_path, settings=True)
    assert provenance.seeds == {
        "seed_everything": 7, "data.seed": 1, "data.train.init_args.seed": 2, "analyses.0.init_args.seed": 3
    }  # fmt: skip
    assert provenance.configuration["model"]["competition"]["temperature"] == {"start": 1.67, "end": "NaN"}
    assert Provenance.from_json(provenance.to_json()) == provenance


def test_without_settings_there_are_none(tmp_path: Path) -> None:
    provenance = gathered(tmp_path, settings=False)
    assert provenance.configuration is None
    assert provenance.seeds == provenance.scores == {}


def test_the_commit_is_that_of_the_folder_in_which_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert gathered(tmp_path, settings=False).commit is None
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "First"], check=True)
    said = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert gathered(tmp_path, settings=False).commit == said


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gather_provenance(source, "ab", [], {}).commit is None
