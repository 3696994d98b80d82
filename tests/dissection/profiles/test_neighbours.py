"""Units that answer alike."""

import numpy as np
import pytest
import torch

from rivalry.dissection.profiles import neighbours
from rivalry.dissection.profiles.centred import centred
from rivalry.dissection.profiles.neighbours import nearest_units


def test_cosines_are_those_of_numpy() -> None:
    values = torch.randn(30, 6, generator=torch.Generator().manual_seed(0)) + 100
    found = nearest_units(values, 5)
    expected = np.corrcoef(values.double().numpy().T)
    for unit in range(6):
        others = sorted((one for one in range(6) if one != unit), key=lambda one: -expected[unit, one])
        assert found.units[unit].tolist() == others
        assert found.cosines[unit].tolist() == pytest.approx([expected[unit, one] for one in others], abs=1e-5)
    assert bool(found.known.all())


def test_scale_and_offset_do_not_count() -> None:
    first = torch.randn(20, generator=torch.Generator().manual_seed(0))
    found = nearest_units(torch.stack([first, 5 * first + 3, -first], 1), 2)
    assert found.units[:2].tolist() == [[1, 2], [0, 2]]
    assert found.cosines[:2].tolist() == pytest.approx(torch.tensor([[1.0, -1.0]] * 2), abs=1e-5)


def test_a_unit_that_never_varies_is_no_neighbour_and_has_none() -> None:
    values = torch.tensor([[0.1, 1.0, 2.0], [0.1, 2.0, 1.0], [0.1, 4.0, 4.0]])
    found = nearest_units(values, 2)
    assert found.known.tolist() == [[False, False], [True, False], [True, False]]
    assert (int(found.units[1, 0]), int(found.units[2, 0])) == (2, 1)


def test_one_unit_and_one_picture_know_nobody() -> None:
    assert nearest_units(torch.randn(4, 1), 3).units.shape == (1, 0)
    assert not bool(nearest_units(torch.randn(1, 4), 3).known.any())
    assert not bool(nearest_units(torch.zeros(0, 4), 3).known.any())


def test_some_at_a_time_is_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = torch.randn(30, 11, generator=torch.Generator().manual_seed(0))
    whole = nearest_units(values, 3)
    monkeypatch.setattr(neighbours, "_AT_ONCE", 25)
    parts = nearest_units(values, 3)
    assert torch.equal(parts.units, whole.units)
    assert torch.allclose(parts.cosines, whole.cosines, atol=1e-6)


def test_what_rounding_leaves_of_a_constant_is_none() -> None:
    columns = centred(torch.full((7, 1), 0.1))
    assert columns.tolist() == [[0.0]] * 7
    assert float(centred(torch.tensor([[1e6], [1e6 + 10]])).square().sum()) == pytest.approx(1.0)
