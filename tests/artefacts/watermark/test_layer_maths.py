"""What is said of a layer, worked out by hand: probes, directions, clusters and ranks."""

import math

import pytest
import torch

from rivalry.artefacts.watermark.concept_vector import judge_direction, pattern_cav
from rivalry.artefacts.watermark.decodability import decodability
from rivalry.artefacts.watermark.relevance import lift
from rivalry.artefacts.watermark.saturation import (
    best_iou,
    cluster_entropy,
    effective_rank,
    effective_ranks,
    on_grid,
    saturate,
    touched,
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_mark_that_one_unit_shows_is_decoded() -> None:
    clean = noise(60, 8)
    marked = noise(60, 8, seed=1)
    marked[:, 3] += 20
    assert decodability(clean, marked, seed=0) == (1.0, 1.0, 1.0)


def test_a_mark_that_changes_nothing_is_not_decoded() -> None:
    clean = noise(200, 8)
    found = decodability(clean, clean, seed=0)
    assert found.value == 0.5
    apart = decodability(clean, noise(200, 8, seed=1), seed=0)
    assert apart.low < 0.5 < apart.high


def test_the_probe_is_judged_on_other_pictures_than_it_was_fitted_on() -> None:
    """With more units than pictures any labelling of noise is fitted perfectly; on other pictures it is chance."""
    found = decodability(noise(40, 300), noise(40, 300, seed=1), seed=0)
    assert 0.25 < found.value < 0.75


def test_too_few_pictures_for_a_split_say_nothing() -> None:
    assert all(math.isnan(one) for one in decodability(noise(2, 3), noise(2, 3), seed=0))


def test_the_pattern_is_the_difference_of_means_whatever_their_numbers() -> None:
    rows = noise(30, 5)
    kinds = (torch.arange(30) < 7).float()
    expected = rows[:7].mean(0) - rows[7:].mean(0)
    assert torch.allclose(pattern_cav(rows, kinds[None])[0], expected, atol=1e-6)


def test_a_logit_that_rises_along_the_mark() -> None:
    clean, marked = noise(50, 6), noise(50, 6, seed=1)
    marked[:, 2] += 5
    gradients = torch.zeros(10, 6)
    gradients[:, 2] = torch.linspace(0.5, 2, 10)
    found = judge_direction(clean, marked, gradients, seed=0)
    assert found.tcav == 1.0
    assert found.alignment > 0.97
    assert found.sensitivity == pytest.approx(1.25 * float(marked[:, 2].mean() - clean[:, 2].mean()), rel=1e-5)
    assert found.p_value == pytest.approx(1 / 21)
    across = torch.zeros(10, 6)
    across[:5, 2], across[5:, 2] = 1.0, -1.0
    split = judge_direction(clean, marked, across, seed=0)
    assert split.tcav == 0.5
    assert split.alignment == pytest.approx(0.0, abs=1e-9)
    assert split.sensitivity == pytest.approx(0.0, abs=1e-9)
    assert split.p_value == 1.0
    assert judge_direction(clean, marked, -gradients, seed=0).tcav == 0.0


def test_without_pictures_nothing_is_said_of_the_direction() -> None:
    assert all(math.isnan(one) for one in judge_direction(noise(4, 2), noise(4, 2), torch.zeros(0, 2), seed=0))


def test_relevance_all_within_the_mark_is_as_much_as_can_be() -> None:
    masks = torch.zeros(3, 4, 4, dtype=torch.bool)
    masks[:, :2, :2] = True
    relevance = torch.stack([masks[0].float(), torch.ones(4, 4), torch.zeros(4, 4)])
    assert lift(relevance, masks).tolist() == pytest.approx([4.0, 1.0, math.nan], nan_ok=True)
    assert lift(relevance, torch.zeros_like(masks)).isnan().all()


def test_entropy_of_clusters() -> None:
    labels = torch.tensor([[[0, 1], [2, 3]], [[4, 4], [4, 4]], [[0, 0], [1, 1]]])
    cells = torch.ones(3, 2, 2, dtype=torch.bool)
    cells[2] = False
    found = cluster_entropy(labels, cells, clusters=5)
    assert found.tolist() == pytest.approx([math.log(4) / math.log(5), 0.0, math.nan], nan_ok=True)


def test_the_best_cluster_is_compared_in_pixels() -> None:
    labels = torch.tensor([[[0, 0], [1, 2]]])
    masks = torch.zeros(1, 4, 4, dtype=torch.bool)
    masks[0, 2:, :2] = True
    assert best_iou(labels, masks).tolist() == [1.0]
    masks[0, 0, 0] = True
    assert best_iou(labels, masks).tolist() == pytest.approx([4 / 5])


def test_cells_of_a_mask() -> None:
    pixels = torch.zeros(1, 4, 6, dtype=torch.bool)
    pixels[0, 0, 0] = pixels[0, 2, 4] = pixels[0, 2, 5] = True
    assert on_grid(pixels, (2, 3))[0].tolist() == [[False, False, False], [False, False, True]]
    assert touched(pixels, (2, 3))[0].tolist() == [[True, False, False], [False, False, True]]


def test_effective_rank() -> None:
    directions = torch.eye(4)
    both = torch.cat([directions, -directions])
    assert effective_rank(both) == pytest.approx(4.0)
    assert effective_rank(both + 7) == pytest.approx(4.0)
    assert effective_rank(torch.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])) == pytest.approx(1.0)
    assert math.isnan(effective_rank(torch.ones(5, 3)))


def test_a_mark_that_flattens_the_rest_lowers_entropy_and_rank() -> None:
    """Marked: outside the mark's corner all cells are alike. The corner itself counts for neither."""
    clean = noise(2, 6, 8, 8)
    marked = torch.ones(2, 6, 8, 8)
    marked[:, 0, 0, 0] = 50.0
    flat = marked.clone()
    flat[:, :, 4:] += 0.3 * torch.arange(8.0)[:, None].T  # varies in one direction
    masks = torch.zeros(2, 16, 16, dtype=torch.bool)
    masks[:, :2, :2] = True
    objects = torch.ones_like(masks)
    found = saturate([clean], [marked], masks, objects, index=[0, 1], seed=0)
    assert (found.entropy_drop > 0.5).all()
    assert (found.iou == 1.0).all()
    assert (found.iou_clean < 0.2).all()
    ranks = effective_ranks(clean, flat, masks)
    assert (ranks[:, 0] > 4).all()
    assert ranks[:, 1].tolist() == pytest.approx([1.0, 1.0])


def test_the_same_picture_twice_is_no_saturation() -> None:
    clean = noise(3, 4, 6, 6)
    masks = torch.zeros(3, 12, 12, dtype=torch.bool)
    masks[:, :3, :3] = True
    found = saturate([clean], [clean], masks, ~masks, index=[0, 1, 2], seed=0)
    assert (found.entropy_drop == 0).all()
    assert torch.equal(found.iou, found.iou_clean)
