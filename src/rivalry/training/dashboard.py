"""``rivalry dashboard``: a Weights & Biases workspace with sections for all that a run logs, in the order of the story.

The workspace is a view of a project: it shows whatever runs are there. It needs wandb-workspaces, which the extra
``dashboard`` brings.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser

from rivalry.help_text import command_parser
from rivalry.lens.site.shelf import Shelf
from rivalry.training.dashboard_sections import Logged, Section, sections_of, usual
from rivalry.training.wandb.login import check_login

EPILOGUE = """\
Without --run, analyses are looked for under the names that they have where a configuration gives none. With --run, the
sections are those of that run's records, whatever their names. Each call saves a new view; delete old ones at W&B.

examples
  rivalry dashboard --entity me --project rivalry
  rivalry dashboard --entity me --project rivalry --run runs/first --name "First run"
  rivalry dashboard --json workspace.json              what would be saved, without a login or a network
"""


def dashboard_from_arguments(arguments: Sequence[str]) -> None:
    """Parse the command's arguments, and save the workspace or write what would be saved.

    Raises:
        ValueError: Without wandb-workspaces, a login or an entity; for names that W&B does not take or a folder without
            records; for a file that cannot be written; if W&B cannot be reached or refuses.
    """
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    _check(options)
    sections = sections_of(logged_by(Path(options.run)) if options.run else usual())
    from rivalry.training.wandb import workspace

    made = workspace.workspace_of(sections, entity=options.entity or "", project=options.project, name=options.name)
    if options.json:
        text = json.dumps(workspace.specification_of(made), indent=1, ensure_ascii=False)
        try:
            Path(options.json).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise ValueError(f"--json {options.json} cannot be written: {error.strerror}") from error
    print(_told(sections))
    print(f"Written to {options.json}" if options.json else f"Saved: {workspace.save(made)}")


def logged_by(root: Path) -> list[Logged]:
    """What a run's training has logged of its analyses, by its records: those of ``rivalry analyze`` are not logged.

    Raises:
        ValueError: If there are none.
    """
    found: dict[str, Logged] = {}
    for volume in Shelf.open(root).volumes:
        if not volume.afterwards:
            before = found[volume.name].scalars if volume.name in found else None
            scalars = frozenset(volume.scalars) | (before or frozenset())
            found[volume.name] = Logged(volume.name, volume.kind, scalars, has_table=bool(volume.columns))
    return list(found.values())


def _check(options: Any) -> None:
    if importlib.util.find_spec("wandb_workspaces") is None:
        raise ValueError('a workspace takes wandb-workspaces: pip install "rivalry[dashboard]"')
    if not re.fullmatch(r"[^/\\#?%:\x00-\x1f]{1,128}", options.project):
        raise ValueError(f"no project of W&B is called {options.project!r}: 1 to 128 characters, none of / \\ # ? % :")
    if options.json:
        return
    if not options.entity:
        raise ValueError("say whose project it is: --entity USER-OR-TEAM; or --json FILE to save nothing at W&B")
    check_login("online", otherwise="write what would be saved by --json FILE")


def _told(sections: Sequence[Section]) -> str:
    counts = [f"  {section.title}: {len(section.panels)} panels" for section in sections]
    return "\n".join(["A workspace of", *counts])


def _parser() -> ArgumentParser:
    parser = command_parser("dashboard", __doc__, EPILOGUE)
    parser.add_argument("--entity", type=str | None, default=None, help="The user or team at W&B.")
    parser.add_argument("--project", type=str, default="rivalry", help="The project, as --project of rivalry fit.")
    parser.add_argument("--name", type=str, default="Rivalry", help="Name of the workspace.")
    parser.add_argument("--run", type=str | None, default=None, help="Folder of a run whose records say what to show.")
    parser.add_argument("--json", type=str | None, default=None, help="Write what would be saved into this file.")
    return parser
