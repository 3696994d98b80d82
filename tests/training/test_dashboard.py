"""The workspace as W&B would keep it, without a network; and the request that saves it, taken by a server of ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rivalry.cli import main
from rivalry.lens.site.kinds import KINDS
from rivalry.records import Record
from rivalry.training import dashboard
from rivalry.training.dashboard_sections import OWN_PLOTS, PLOTS, SECTIONS, Logged, sections_of, usual
from tests.training.wandb_server import Server

KEPT = Path(__file__).with_name("workspace.json")
RANDOM = ("__id__", "id", "ref")


def written(*options: object) -> dict[str, Any]:
    """The specification that the command writes."""
    assert main(["dashboard", *map(str, options), "--json", "workspace.json"]) == 0
    return json.loads(Path("workspace.json").read_text(encoding="utf-8"))


def sections_in(specification: dict[str, Any]) -> list[dict[str, Any]]:
    return specification["section"]["panelBankConfig"]["sections"]


def without_chance(value: Any) -> Any:
    """Without what is drawn anew each time."""
    if isinstance(value, dict):
        return {key: without_chance(one) for key, one in value.items() if key not in RANDOM}
    return [without_chance(one) for one in value] if isinstance(value, list) else value


def test_the_workspace_is_the_one_that_is_kept(home: Path) -> None:
    """After a change: ``rivalry dashboard --json …``, ids taken out as above, and a look at it."""
    assert without_chance(written()) == json.loads(KEPT.read_text(encoding="utf-8"))


def test_its_sections_come_in_the_order_of_the_story_over_epochs(home: Path) -> None:
    specification = written()
    sections = sections_in(specification)
    assert [one["name"].lower() for one in sections] == [
        "training", "sparsity", "emergence", "labels", "clusters", "registers", "watermark", "basis", "concepts",
        "prototypes",
    ]  # fmt: skip
    lines = [panel for one in sections for panel in one["panels"] if panel["viewType"] == "Run History Line Plot"]
    assert {panel["config"]["xAxis"] for panel in lines} == {"epoch"}
    assert {one["localPanelSettings"]["xAxis"] for one in sections} == {"epoch"}
    assert specification["section"]["panelBankConfig"]["settings"]["autoOrganizePrefix"] == 1  # by the first "/"
    assert [one["isOpen"] for one in sections] == [True] + [False] * 9


def test_every_kind_of_record_has_its_place() -> None:
    assert {kind for kinds in SECTIONS.values() for kind in kinds} == set(KINDS) == set(PLOTS)
    for section in sections_of(usual())[1:]:
        assert "table" in {panel.shape for panel in section.panels}
        assert "media" in {panel.shape for panel in section.panels}


def test_a_run_s_own_names_and_analyses_are_shown(home: Path) -> None:
    root = Path("runs/first")
    bases = pa.table({"layer": ["a"], "basis": ["natural"], "s1": [1.0], "s2": [0.5]})
    own = {f"x{number:02d}": 1.0 for number in range(OWN_PLOTS + 3)}
    Record("turned", 0, 4, {"s1_natural": 1.0}, {"bases": bases}).save(root / "records")
    Record("turned", 1, 8, {"s1_natural": 1.0, "stability": 0.9}, {"bases": bases}).save(root / "records")
    Record("favourites", 1, 8, own).save(root / "records")
    Record("later", 1, 8, {"x": 1.0}).save(root / "analyses" / "records")  # by rivalry analyze: it is not logged
    training, basis, favourites = sections_in(written("--run", root))
    assert [one["name"] for one in (training, basis, favourites)] == ["Training", "Basis", "favourites"]
    titles = {panel["config"].get("chartTitle"): panel["config"] for panel in basis["panels"]}
    assert titles["S¹ (turned)"]["metrics"] == ["turned/s1_natural"]
    assert titles["Stability since the epoch before (turned)"]["metrics"] == ["turned/stability"]
    assert titles["turned: picture"]["mediaKeys"] == ["turned/picture"]
    assert "S² (turned)" not in titles
    assert len(favourites["panels"]) == OWN_PLOTS


def test_two_records_of_a_kind_stand_in_one_section() -> None:
    both = [Logged("activity", "activity"), Logged("later", "activity")]
    _, sparsity = sections_of(both)
    titles = [panel.title for panel in sparsity.panels]
    assert {"Dead units", "Dead units (later)"} <= set(titles)
    assert len(titles) == len(set(titles))


def test_a_workspace_is_saved_in_its_project_and_its_address_said(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboard", "--entity", "me", "--project", "birds", "--name", "Look here"]) == 0
    (asked,) = server.views
    assert (asked["entityName"], asked["projectName"], asked["displayName"]) == ("me", "birds", "Look here")
    assert asked["type"] == "project-view"
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert without_chance(json.loads(asked["spec"]))["section"]["panelBankConfig"] == kept["section"]["panelBankConfig"]
    said = capsys.readouterr().out
    assert "Saved: http://127.0.0.1" in said
    assert "/me/birds?nw=" in said


def test_what_the_server_refuses_is_one_line(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.refuses = "permission denied for project birds"
    assert main(["dashboard", "--entity", "somebody", "--project", "birds"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rivalry dashboard: W&B: the workspace was not saved: ")
    assert "permission denied" in line


def test_without_a_login_or_an_entity_there_is_one_error_before_anything(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboard", "--project", "birds"]) == 2
    assert main(["dashboard", "--entity", "me", "--run", "nowhere"]) == 2
    entity, login = capsys.readouterr().err.splitlines()
    assert entity.startswith("rivalry dashboard: say whose project it is: --entity")
    assert login == (
        "rivalry dashboard: W&B: no login found; run `wandb login`, or write what would be saved by --json FILE"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--project", "a/b"], "no project of W&B is called 'a/b'"),
        (["--name", "Rivalry 🙂"], "no workspace of W&B is called 'Rivalry 🙂'"),
        (["--run", "nowhere"], "wanted the folder of a run"),
        (["--unknown", "1"], "unknown"),
    ],
)
def test_what_cannot_be_is_one_line(
    home: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboard", *options, "--json", "workspace.json"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not Path("workspace.json").exists()


def test_without_the_library_one_line_says_how_to_get_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    assert main(["dashboard", "--json", "workspace.json"]) == 2
    assert capsys.readouterr().err == (
        'rivalry dashboard: a workspace takes wandb-workspaces: pip install "rivalry[dashboard]"\n'
    )


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--json .*x\.json cannot be written: No such file or directory"):
        dashboard.dashboard_from_arguments(["--json", str(tmp_path / "none" / "x.json")])
