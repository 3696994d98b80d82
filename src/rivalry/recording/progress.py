"""The progress bar of what takes long, where somebody can see it."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def progress_bar(*, shown: bool) -> Progress:
    """A bar with a description, what is done of how much, and the time that is left; gone when it ends.

    Where there is no terminal it is hidden: of a bar that it does not draw, rich would leave an empty line in the log.

    Args:
        shown: Whether it is wanted.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console()
    return Progress(*columns, console=console, transient=True, disable=not (shown and _seen(console)))


def _seen(console: Console) -> bool:
    return console.is_interactive or console.is_jupyter
