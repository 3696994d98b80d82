"""Natural units are the layer's own."""

import torch

from rivalry.concepts.extraction import NaturalUnits


def test_the_units_of_largest_energy_whatever_their_sign() -> None:
    rows = torch.tensor([[1.0, -3.0, 0.0, 2.0], [1.0, 3.0, 0.0, -2.5]])
    found = NaturalUnits().fit(rows, 2)
    assert found.concepts.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert found.encode(rows).tolist() == [[-3.0, 2.0], [3.0, -2.5]]
    assert (found.fitted.iterations, found.fitted.converged, found.fitted.dead) == (0, True, 0)


def test_all_units_lose_nothing() -> None:
    rows = torch.tensor([[1.0, -3.0, 0.0, 2.0], [1.0, 3.0, 0.0, -2.5], [0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
    found = NaturalUnits().fit(rows, 4)
    assert torch.equal(found.decode(found.encode(rows)), rows)
    assert (found.fitted.error, found.fitted.dead) == (0.0, 1)
