"""Non-negative least squares: SciPy's, and the conditions of their minimum."""

import pytest
import torch
from scipy.optimize import nnls

from rivalry.numerics.non_negative import descend, non_negative_codes


@pytest.mark.parametrize(("concepts", "channels"), [(4, 12), (8, 8), (12, 6)])
def test_equals_scipy_row_by_row(concepts: int, channels: int) -> None:
    generator = torch.Generator().manual_seed(concepts)
    rows = torch.randn(40, channels, generator=generator)
    dictionary = torch.randn(concepts, channels, generator=generator)
    codes = non_negative_codes(rows, dictionary)
    lost = (rows - codes @ dictionary).norm(dim=1)
    expected = [nnls(dictionary.T.double().numpy(), row.double().numpy()) for row in rows]
    assert lost.tolist() == pytest.approx([norm for _, norm in expected], abs=1e-3)
    if concepts <= channels:  # else several codes are as good
        solution = torch.stack([torch.from_numpy(code) for code, _ in expected])
        torch.testing.assert_close(codes.double(), solution, atol=3e-3, rtol=1e-3)


def test_the_minimum_is_reached() -> None:
    """The gradient is zero where a code is above zero, and not negative elsewhere (Karush, Kuhn & Tucker)."""
    generator = torch.Generator().manual_seed(0)
    rows, concepts = torch.rand(50, 30, generator=generator), torch.rand(6, 30, generator=generator)
    codes = non_negative_codes(rows, concepts)
    gradient = (codes @ concepts - rows) @ concepts.T
    assert float(gradient[codes > 0].abs().max()) < 1e-3
    assert float(gradient[codes == 0].min()) > -1e-3
    assert 0 < float((codes == 0).float().mean()) < 1


def test_a_concept_that_is_zero_has_no_code_and_keeps_one_that_it_has() -> None:
    concepts = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert non_negative_codes(torch.tensor([[2.0, 3.0]]), concepts).tolist() == [[2.0, 0.0]]
    codes = torch.tensor([[0.0], [7.0]])
    descend(codes, torch.tensor([[2.0], [0.0]]), concepts @ concepts.T, 1)
    assert codes.tolist() == [[2.0], [7.0]]
