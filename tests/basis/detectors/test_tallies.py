"""What is tallied equals the plain loop, exactly, however the pictures come."""

import pytest
import torch

from rivalry.basis.detectors import Counts, EdgeSample, Tallies
from rivalry.basis.detectors.scores import chosen_thresholds, iou, threshold_of
from tests.basis.detectors.plain import CATEGORIES, Drawn, bilinear, drawn, plain_iou, quantile, upsampled


def edges_of(data: Drawn, *, zero: bool = False, level: float = 0.1, pixel_level: float = 0.05) -> torch.Tensor:
    sample = EdgeSample(data.maps.shape[1], zero=zero, level=level, pixel_level=pixel_level)
    sample.add(data.maps, (data.masks.shape[2], data.masks.shape[3]), torch.arange(len(data.maps)))
    return sample.compute()


def counted(data: Drawn, edges: torch.Tensor, batch: int = 4) -> Counts:
    tallies = Tallies(edges, CATEGORIES, planes=4)
    for part in torch.arange(len(data.maps)).split(batch):
        tallies.update(data.maps[part], data.masks[part], data.first[part])
    tallies.update(data.maps[:0], data.masks[:0], data.first[:0])
    counts: Counts = tallies.compute()
    return counts


@pytest.mark.parametrize("mask", [(6, 8), (3, 4), (7, 5), (2, 3)])
def test_iou_is_that_of_the_plain_loop(mask: tuple[int, int]) -> None:
    data = drawn(mask=mask)
    counts = counted(data, edges_of(data))
    thresholds = [quantile(data.maps[:, unit], 0.1) for unit in range(5)]
    found = iou(counts, threshold_of(counts, 0.1))
    for place, half in enumerate((True, False)):
        expected = plain_iou(data, lambda unit, _: thresholds[unit], half)
        torch.testing.assert_close(found[place], expected, rtol=0, atol=0, equal_nan=True)
    expected = plain_iou(data, lambda unit, _: thresholds[unit], None)
    torch.testing.assert_close(
        iou(counts.merged(), threshold_of(counts, 0.1))[0], expected, rtol=0, atol=0, equal_nan=True
    )


def test_iou_is_that_of_interpolate_where_nothing_is_rounded() -> None:
    data = drawn(places=(4, 4), mask=(8, 16))
    data = data._replace(maps=(data.maps * 4).round())
    counts = counted(data, edges_of(data))
    thresholds = [quantile(data.maps[:, unit], 0.1) for unit in range(5)]
    expected = plain_iou(data, lambda unit, _: thresholds[unit], False, resize=bilinear)
    torch.testing.assert_close(iou(counts, threshold_of(counts, 0.1))[1], expected, rtol=0, atol=0, equal_nan=True)


def test_the_variant_of_2020_takes_its_quantile_after_upsampling() -> None:
    data = drawn()
    counts = counted(data, edges_of(data))
    pixels = [torch.stack([upsampled(one, (6, 8)) for one in data.maps[:, unit]]) for unit in range(5)]
    thresholds = [quantile(unit, 0.05) for unit in pixels]
    places = threshold_of(counts, 0.05, "pixels")
    assert counts.edges.gather(1, places[:, None])[:, 0].tolist() == thresholds
    expected = plain_iou(data, lambda unit, _: thresholds[unit], True)
    torch.testing.assert_close(iou(counts, places)[0], expected, rtol=0, atol=0, equal_nan=True)


def test_chosen_thresholds_are_the_best_of_all_edges_on_the_first_half() -> None:
    data = drawn(pictures=6)
    counts = counted(data, edges_of(data)[:, ::6].contiguous())
    by_edge = torch.stack(
        [plain_iou(data, lambda unit, _, e=e: float(counts.edges[unit, e]), True) for e in range(counts.edges.shape[1])]
    )
    chosen = chosen_thresholds(counts)
    expected = by_edge.nan_to_num(nan=-1).amax(0)
    assert bool((chosen >= 0).all())
    torch.testing.assert_close(iou(counts, chosen)[0], expected, rtol=0, atol=0)
    scored = plain_iou(data, lambda unit, concept: float(counts.edges[unit, chosen[unit, concept]]), False)
    torch.testing.assert_close(iou(counts, chosen)[1], scored, rtol=0, atol=0, equal_nan=True)


def test_a_concept_that_one_half_lacks_is_nan_there_alone() -> None:
    data = drawn()
    counts = counted(data, edges_of(data))
    found = iou(counts, threshold_of(counts, 0.1))
    assert not bool(found[0].isnan().any())
    assert bool(found[1, :, 5].isnan().all())
    assert not bool(found[1, :, :5].isnan().any())
    turned = counted(data._replace(first=~data.first), edges_of(data))
    assert chosen_thresholds(turned)[:, 5].tolist() == [-1] * 5
    assert bool(iou(turned, chosen_thresholds(turned))[:, :, 5].isnan().all())


def test_batches_do_not_matter() -> None:
    data = drawn()
    edges = edges_of(data)
    one, other = counted(data, edges, batch=9), counted(data, edges, batch=2)
    for name in ("shown", "labelled", "pixels", "positions", "below", "images"):
        assert torch.equal(getattr(one, name), getattr(other, name))


def test_simple_counts() -> None:
    data = drawn()
    counts = counted(data, edges_of(data))
    shown = torch.stack([(data.masks == 1 + concept).flatten(1).sum(1) for concept in range(6)], 1)
    for half, own in enumerate((data.first, ~data.first)):
        assert counts.concept_pixels[half].tolist() == shown[own].sum(0).tolist()
        assert counts.images[half].tolist() == (shown[own] > 0).sum(0).tolist()
        labelled = (data.masks[own] > 0).flatten(2).any(2).sum(0) * 48
        assert counts.labelled_pixels[half].tolist() == labelled[list(CATEGORIES)].tolist()
    torch.testing.assert_close(counts.area_share, counts.concept_pixels / counts.labelled_pixels, equal_nan=True)
    assert bool((counts.below == 0).all())
    raised = counted(data, edges_of(data) + 0.25)
    expected = (data.maps[data.first] < raised.edges[:, :1, None]).flatten(2).sum((0, 2))
    assert raised.below[0].tolist() == expected.tolist()


def test_both_halves_as_one_are_their_sum() -> None:
    data = drawn()
    counts = counted(data, edges_of(data))
    assert torch.equal(counts.merged().shown[0], counts.shown[0] + counts.shown[1])
    assert torch.equal(counts.merged().concept_pixels[0], counts.concept_pixels.sum(0))


def test_what_cannot_be_tallied_is_refused() -> None:
    data = drawn()
    edges = edges_of(data)
    with pytest.raises(ValueError, match=r"categories 0 to 3, and a concept has category 4"):
        Tallies(edges, [0, 4], planes=4)
    with pytest.raises(ValueError, match="ascend"):
        Tallies(edges.flip(1), CATEGORIES, planes=4)
    with pytest.raises(ValueError, match="finite"):
        Tallies(torch.full_like(edges, torch.nan), CATEGORIES, planes=4)
    tallies = Tallies(edges, CATEGORIES, planes=4)
    with pytest.raises(ValueError, match="5 units that have edges, got 4"):
        tallies.update(data.maps[:, 1:], data.masks, data.first)
    with pytest.raises(ValueError, match="9 maps, 8 masks and 9 halves"):
        Tallies.update.__wrapped__(tallies, data.maps, data.masks[:8], data.first)
    broken = data.maps.clone()
    broken[3, 2, 0, 0] = torch.inf
    with pytest.raises(ValueError, match=r"1 units are not finite \(unit 2 first\)"):
        tallies.update(broken, data.masks, data.first)
    with pytest.raises(ValueError, match="masks of 4 categories, got 3"):
        tallies.update(data.maps, data.masks[:, :3], data.first)
    with pytest.raises(ValueError, match="masks hold 0 to 7"):
        tallies.update(data.maps, data.masks + (data.masks == 6), data.first)
    with pytest.raises(ValueError, match="masks hold -1 to 6"):
        tallies.update(data.maps, data.masks - (data.masks == 0).short(), data.first)
    with pytest.raises(ValueError, match="concept 5, of category 3, where category 0 is"):
        tallies.update(data.maps, data.masks.roll(1, dims=1), data.first)
    assert int(tallies.compute().pixels.sum()) == 0
