"""What ranks found of their parts comes together in the parts' order."""

from __future__ import annotations

import pyarrow as pa
import pytest
import torch

from rivalry.recording import gathering
from rivalry.recording.gathering import gather_tables, own_share, packed

SCHEMAS = {"one": pa.schema([("class", pa.string())]), "other": pa.schema([("picture", pa.binary())])}


def part(name: str, rows: int = 1) -> dict[str, pa.Table]:
    return {
        "one": pa.Table.from_pylist([{"class": name}] * rows, SCHEMAS["one"]),
        "other": pa.Table.from_pylist([{"picture": name.encode()}], SCHEMAS["other"]),
    }


def test_tables_of_classes_are_put_together() -> None:
    made = gather_tables([packed(part("cat", 2)), packed(part("dog", 0))], SCHEMAS, torch.device("cpu"))
    assert made["one"]["class"].to_pylist() == ["cat", "cat"]
    assert made["other"]["picture"].to_pylist() == [b"cat", b"dog"]


def test_without_classes_the_tables_are_empty() -> None:
    made = gather_tables([], SCHEMAS, torch.device("cpu"))
    assert {name: table.num_rows for name, table in made.items()} == {"one": 0, "other": 0}
    assert made["one"].schema == SCHEMAS["one"]


@pytest.mark.parametrize(("rank", "expected"), [(0, (0, 2, 4)), (1, (1, 3))])
def test_ranks_share_the_classes(monkeypatch: pytest.MonkeyPatch, rank: int, expected: tuple[int, ...]) -> None:
    monkeypatch.setattr(gathering, "rank_and_world", lambda: (rank, 2))
    assert own_share(range(5)) == expected


def test_pieces_come_back_in_the_order_in_which_they_were_shared_out() -> None:
    assert gathering._in_turn([[b"0", b"2", b"4"], [b"1", b"3"]]) == [b"0", b"1", b"2", b"3", b"4"]
