"""Which kind of network a record is of, as figures and tables over several networks call it."""

from __future__ import annotations

from rivalry.records import Record


def network_kind(record: Record) -> str:
    """Whether the layers that were heard compete, and by how many.

    >>> network_kind(Record("basis", 0, 0, settings={"competitors": {"layer4.0.act2": 4}}))
    'LWTA, U = 4'
    >>> network_kind(Record("basis", 0, 0, settings={"competitors": {}}))
    'ReLU'
    """
    competitors = record.settings["competitors"]
    counts = (
        [count for count in competitors.values() if isinstance(count, int)] if isinstance(competitors, dict) else []
    )
    return f"LWTA, U = {min(counts)}" if counts else "ReLU"
