"""Each rank looks at parts of its own, such as classes; what it found is put together, the same on every rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import pyarrow as pa
import torch
from jaxtyping import UInt8
from torch import Tensor

from rivalry.recording.ranks import rank_and_world, sum_over_ranks

Part = TypeVar("Part")

Packed = Mapping[str, bytes]
"""Tables by name, as Arrow writes them to a stream: small tables themselves take several times as much room."""


def own_share(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts that this rank looks at: every so many, as ranks are."""
    rank, world = rank_and_world()
    return tuple(parts[rank::world])


def packed(tables: Mapping[str, pa.Table]) -> dict[str, bytes]:
    """Tables as bytes, to be kept for long."""
    return {name: _bytes(table) for name, table in tables.items()}


def gather_tables(
    parts: Sequence[Packed], schemas: Mapping[str, pa.Schema], device: torch.device
) -> dict[str, pa.Table]:
    """Put together what the ranks found of their parts. A collective.

    Args:
        parts: Of each part of this rank's share, in its order.
        schemas: Of all tables, in a rank without parts too.
        device: Where ranks exchange bytes.

    Returns:
        Every table, parts in the order in which they were shared out.
    """
    merged = {}
    for name, schema in schemas.items():
        every = _in_turn(_gather([part[name] for part in parts], device))
        tables = [pa.ipc.open_stream(one).read_all() for one in every]
        merged[name] = pa.concat_tables([schema.empty_table(), *tables]).combine_chunks()
    return merged


def _bytes(table: pa.Table) -> bytes:
    """A table as Arrow writes it to a stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _gather(own: Sequence[bytes], device: torch.device) -> list[list[bytes]]:
    """Every rank's pieces. Each writes its own into its part of one row of bytes, and the rows are added up."""
    rank, world = rank_and_world()
    if world == 1:
        return [list(own)]
    pieces = torch.zeros(world, dtype=torch.long, device=device)
    pieces[rank] = len(own)
    counts = sum_over_ranks(pieces).tolist()
    lengths = torch.zeros(sum(counts), dtype=torch.long, device=device)
    first = sum(counts[:rank])
    lengths[first : first + len(own)] = torch.tensor([len(one) for one in own], dtype=torch.long, device=device)
    sizes = sum_over_ranks(lengths).tolist()
    row: UInt8[Tensor, " bytes"] = torch.zeros(sum(sizes), dtype=torch.uint8, device=device)
    start = sum(sizes[:first])
    mine = torch.frombuffer(bytearray(b"".join(own)), dtype=torch.uint8) if own else row[:0].cpu()
    row[start : start + len(mine)] = mine.to(device)
    every = iter(torch.split(sum_over_ranks(row).cpu(), sizes))
    return [[next(every).numpy().tobytes() for _ in range(count)] for count in counts]


def _in_turn(ranks: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Pieces in the order in which they were shared out: the first of each rank, then the second of each."""
    longest = max(len(pieces) for pieces in ranks)
    return [pieces[place] for place in range(longest) for pieces in ranks if place < len(pieces)]
