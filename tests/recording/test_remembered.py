"""What is remembered of calls, and what is not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rivalry.recording.calls import Call, Calls
from rivalry.recording.remembered import Remembered


def seen(count: int) -> Calls:
    """Two calls: a pair of maps that go by picture, and a table that does not."""
    maps = torch.arange(count).float()[:, None].repeat(1, 3)
    return Calls(None, (Call("pair", 4, (maps, {"twice": 2 * maps})), Call("table", 6, torch.ones(2, 3))))


def test_rows_by_picture_and_a_table_for_all() -> None:
    remembered = Remembered(seen(1), seen(2))
    numbers = remembered.only({(4, 1), (6, 0)})
    assert numbers == {4, 6}
    remembered.add(seen(3))
    remembered.add(seen(2))
    tensors = remembered.tensors(torch.tensor([2, 4, 2, 0]))
    assert tensors[4, 1][:, 0].tolist() == [4.0, 2.0, 4.0, 0.0]
    assert torch.equal(tensors[6, 0], torch.ones(2, 3))
    (maps, named), (table,) = (*remembered.outputs(tensors)["pair"], remembered.outputs(tensors)["table"])
    assert torch.equal(named["twice"], tensors[4, 1])
    assert maps.shape == (4, 3)
    assert torch.equal(table, tensors[6, 0])


def test_what_nobody_reads_takes_no_memory_but_has_its_shape() -> None:
    remembered = Remembered(seen(1), seen(2))
    remembered.only(set())
    remembered.add(seen(3))
    given = remembered.tensors(torch.arange(1000) % 3)[4, 0]
    assert given.shape == (1000, 3)
    assert given.untyped_storage().nbytes() == 4


def test_what_is_given_may_be_written_into() -> None:
    remembered = Remembered(seen(1), seen(2))
    remembered.only({(4, 0), (6, 0)})
    remembered.add(seen(3))
    image = torch.arange(3)
    for tensor in remembered.tensors(image).values():
        if tensor.untyped_storage().nbytes() > 4:
            tensor.zero_()
    assert remembered.tensors(image)[4, 0][:, 0].tolist() == [0.0, 1.0, 2.0]
    assert remembered.tensors(image)[6, 0].sum() == 6


def test_another_course_for_two_pictures_is_refused() -> None:
    other = Calls(None, seen(2).before[:1])
    with pytest.raises(ValueError, match="runs other modules for two pictures than for one"):
        Remembered(seen(1), other)


def test_tensors_alone_are_remembered() -> None:
    calls: list[Calls] = [Calls(None, (Call("it", 0, (torch.ones(count, 1), "word")),)) for count in (1, 2)]
    remembered = Remembered(*calls)
    given: tuple[Tensor, str] = remembered.outputs(remembered.tensors(torch.zeros(2, dtype=torch.long)))["it"][0]
    assert given[1] == "word"
    assert given[0].shape == (2, 1)


def test_pictures_may_be_counted_along_another_axis() -> None:
    def tokens(count: int) -> Calls:
        return Calls(None, (Call("it", 0, torch.arange(count).float().expand(5, count)),))

    remembered = Remembered(tokens(1), tokens(2))
    remembered.only({(0, 0)})
    remembered.add(tokens(3))
    remembered.add(tokens(1))
    given = remembered.tensors(torch.tensor([2, 3, 1]))[0, 0]
    assert torch.equal(given, torch.tensor([2.0, 0.0, 1.0]).expand(5, 3))


def test_windows_of_pictures_are_refused_where_they_are_read() -> None:
    one, two = (Calls(None, (Call("windows", 0, torch.ones(4 * count, 2)),)) for count in (1, 2))
    remembered = Remembered(one, two)
    assert remembered.only(set()) == frozenset()
    assert remembered.tensors(torch.arange(3))[0, 0].shape == (12, 2)
    with pytest.raises(ValueError, match="'windows' gives \\(4, 2\\) for one picture"):
        Remembered(one, two).only({(0, 0)})
