"""The rule that says which patches are outliers, on cases worked by hand."""

import numpy as np
import pytest
import torch

from rivalry.artefacts.registers.outliers import describe_norms


def test_the_spread_decides_where_norms_differ() -> None:
    norms = torch.tensor([10.0] * 10 + [14.0] * 10 + [18.0] * 10)
    found = describe_norms(norms)
    assert found.median == 14
    assert found.threshold == pytest.approx(max(14 + 4 * 1.4826 * 4, 42))  # 3 × median is more than 37.7
    wide = describe_norms(torch.tensor([1.0, 5.0, 9.0]))
    assert wide.threshold == pytest.approx(5 + 4 * 1.4826 * 4)  # 28.7, more than 15


def test_a_small_bump_over_norms_that_are_all_alike_is_no_outlier() -> None:
    norms = torch.cat([torch.full((1000,), 8.0), torch.tensor([11.0])])
    found = describe_norms(norms)
    assert found.threshold == 24
    assert not bool((norms > found.threshold).any())


def test_the_published_rows_come_out_as_they_were_read() -> None:
    """DINOv2-B, block 8: median 8.4, largest 429, 1.75 %: present. DINOv2-S, last block: 1.4 × only: none."""
    generator = torch.Generator().manual_seed(0)
    ordinary = 8.4 + 0.8 * torch.randn(9825, generator=generator)
    present = torch.cat([ordinary, torch.linspace(150, 429, 175)])
    assert float((present > describe_norms(present).threshold).float().mean()) == pytest.approx(0.0175)
    none = torch.cat([ordinary, torch.tensor([1.4 * 8.4])])
    assert not bool((none > describe_norms(none).threshold).any())


def test_percentiles_are_numpys_and_a_factor_changes_no_outlier() -> None:
    norms = torch.rand(3000, generator=torch.Generator().manual_seed(1)) ** 8
    found = describe_norms(norms)
    assert found.high == pytest.approx(np.quantile(norms.double().numpy(), 0.999))
    assert found.largest == pytest.approx(float(norms.max()))
    scaled = describe_norms(norms * 50)
    assert torch.equal(norms > found.threshold, norms * 50 > scaled.threshold)


@pytest.mark.parametrize("norms", [[], [1.0, float("nan")], [float("inf")]])
def test_norms_that_are_no_numbers_are_refused(norms: list[float]) -> None:
    with pytest.raises(ValueError, match="finite norms"):
        describe_norms(torch.tensor(norms))
