"""A workspace of Weights & Biases, made of sections of panels: as JSON without a network, or saved there.

Of the library's own objects only the specification that W&B keeps can be compared, so it is what is written and tested.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import wandb
import wandb_workspaces.reports.v2 as panels
import wandb_workspaces.workspaces as workspaces
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

from rivalry.training.dashboard_sections import Panel, Section

COLUMNS, ROWS = 3, 2
"""Panels of a page of a section."""


def workspace_of(sections: Sequence[Section], *, entity: str, project: str, name: str) -> workspaces.Workspace:
    """A workspace whose lines are drawn over epochs; the first section is open.

    Args:
        sections: From top to bottom.
        entity: The user or team at W&B.
        project: Its project.
        name: Of the workspace, without emoji.

    Raises:
        ValueError: For a name that W&B takes for none.
    """
    made = [
        workspaces.Section(
            name=section.title,
            panels=[_panel(panel) for panel in section.panels],
            is_open=number == 0,
            layout_settings=workspaces.SectionLayoutSettings(columns=COLUMNS, rows=ROWS),
            panel_settings=workspaces.SectionPanelSettings(x_axis="epoch"),
        )
        for number, section in enumerate(sections)
    ]
    settings = workspaces.WorkspaceSettings(x_axis="epoch", group_by_prefix="first")
    try:
        return workspaces.Workspace(entity=entity, project=project, name=name, sections=made, settings=settings)
    except ValueError as error:  # pydantic's, of many lines
        raise ValueError(f"no workspace of W&B is called {name!r}: it takes neither emoji nor signs") from error


def specification_of(workspace: workspaces.Workspace) -> dict[str, Any]:
    """What W&B keeps of a workspace, as JSON values. The library has no public way to it."""
    found: dict[str, Any] = workspace._to_model().spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found


def save(workspace: workspaces.Workspace) -> str:
    """Save a workspace as a new view of its project, and return its address.

    Raises:
        ValueError: If W&B cannot be reached or refuses, with what it says.
    """
    os.environ.setdefault("WANDB_SILENT", "true")  # the address is told once
    try:
        workspace.save()  # type: ignore[no-untyped-call]
        return str(workspace.url)
    except (wandb.Error, WandbApiFailedError) as error:
        raise ValueError(f"W&B: the workspace was not saved: {str(error).splitlines()[0]}") from error


def _panel(panel: Panel) -> Any:
    if panel.shape == "lines":
        return panels.LinePlot(title=panel.title, x="epoch", y=list(panel.keys))
    if panel.shape == "media":
        return panels.MediaBrowser(title=panel.title, media_keys=list(panel.keys))
    return panels.WeavePanelSummaryTable(table_name=panel.keys[0])
