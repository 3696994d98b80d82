"""What a run has told Weights & Biases already, so that going on from an earlier epoch tells nothing twice.

A run that is stopped between an event and its checkpoint makes the epoch anew when it goes on. W&B takes nothing back
and, as no step is given, would hold the epoch twice. So each event leaves a line in a file beside the run's id::

    {"epoch": 3, "step": 251, "values": {"val/top1": 0.71, "val/loss": 0.9}}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path


class Ledger:
    """A file of events, one JSON object a line, that is only ever added to.

    Args:
        file: It need not be there yet.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._told: dict[str, dict[int, tuple[int, float]]] = {}
        if file.is_file():
            self._read()

    def told(self, name: str, epoch: int, step: int) -> bool:
        """Whether a value of this name was told of this epoch at this step or a later one, or the epoch is long over.

        An epoch may hold several values of one name, at growing steps. Where a later epoch has one too, it is over, and
        steps need not agree: batches may have another size since.
        """
        known = self._told.get(name, {})
        return epoch in known and (step <= known[epoch][0] or epoch < max(known))

    def differs(self, name: str, epoch: int, value: float) -> bool:
        """Whether the last value that was told under this name of this epoch is another one."""
        before = self._told[name][epoch][1]
        return before != value and not (math.isnan(before) and math.isnan(value))

    def values(self, name: str) -> list[float]:
        """The last value of each epoch, but for those that are no numbers."""
        return [value for _, value in self._told.get(name, {}).values() if not math.isnan(value)]

    def add(self, epoch: int, step: int, values: Mapping[str, float]) -> None:
        """Note an event: in the file, and here."""
        line = json.dumps({"epoch": epoch, "step": step, "values": {name: float(v) for name, v in values.items()}})
        with self.file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
        self._note(epoch, step, values)

    def _note(self, epoch: int, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._told.setdefault(name, {})[epoch] = (step, float(value))

    def _read(self) -> None:
        text = self.file.read_text(encoding="utf-8")
        for line in text.splitlines():
            try:
                event = json.loads(line)
            except json.JSONDecodeError:  # the process was stopped while it wrote: the event may not have been told
                continue
            self._note(event["epoch"], event["step"], event["values"])
        if text and not text.endswith("\n"):
            with self.file.open("a", encoding="utf-8") as out:
                out.write("\n")
