"""Counter-images of a network of which it is known what it goes by."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rivalry.data.watermark import Watermark, Watermarked
from rivalry.prototypes.insight import Made
from rivalry.prototypes.insight.counter_images import class_rows, counter_image_rows, suggested
from rivalry.prototypes.insight.pictures import printed, unmarked
from rivalry.recording.box import Box
from tests.prototypes.insight.scene import CLASSES, Skies, known, made, show

MARK = Watermark(size=0.8)


def row_of(rows: list[dict[str, object]], **wanted: object) -> dict[str, object]:
    (found,) = [row for row in rows if wanted.items() <= row.items()]
    return found


def test_what_is_suggested_is_where_the_gradient_was() -> None:
    patch = suggested(made(), 2)
    assert patch.box == Box(2, 18, 13, 13) or patch.box.height == 13
    assert patch.pixels.unique().tolist() == [255]


def test_the_bright_patch_flips_to_noon_and_the_control_does_not() -> None:
    brightest = replace(made(), alpha=made().alpha.clone())
    brightest.images[2] = 1.0  # a patch that fills a quarter by 13 of 16 pixels squared, on skies of 60 and 120
    brightest.alpha[:] = 0.0
    brightest.alpha[:, 16:, 16:] = 1.0
    rows = counter_image_rows(brightest, known(), None, 24)
    noon = row_of(rows, **{"class": "noon", "pasted": "prototype"})
    assert noon["pictures"] == 16  # of the other two classes
    assert noon["control_flips"] == 0.0
    assert {row["pasted"] for row in rows} == {"prototype"}
    plain = plain_flips(brightest, 2)
    assert noon["flips"] == pytest.approx(plain)
    assert noon["flips_above"] == pytest.approx(plain)
    assert noon["flips_low"] <= plain <= noon["flips_high"]
    assert plain > 0


def plain_flips(of: Made, class_: int) -> float:
    """Flips picture by picture."""
    dataset, flips, asked = Skies(), 0, 0
    patch = suggested(of, class_)
    for index in range(len(dataset)):
        image = dataset[index]["image"].clone()
        if index % 3 == class_:
            continue
        asked += 1
        image[:, *patch.box.window] = patch.pixels
        flips += int(show(image[None])[1].argmax()) == class_
    return flips / asked


def test_the_control_is_the_mean_over_the_other_classes() -> None:
    of, dataset = made(), Skies()
    row = row_of(counter_image_rows(of, known(), None, 24), **{"class": "dawn", "pasted": "prototype"})
    changes = []
    for index in range(len(dataset)):
        if index % 3 == 1:
            continue
        image = dataset[index]["image"]
        before = chance(image, 1)
        for other in (0, 2):
            patch = suggested(of, other)
            with_it = image.clone()
            with_it[:, *patch.box.window] = patch.pixels
            changes.append(chance(with_it, 1) - before)
    assert row["control_change"] == pytest.approx(sum(changes) / len(changes), abs=1e-6)
    assert row["change_above"] == pytest.approx(row["change"] - row["control_change"], abs=1e-6)


def chance(image: Tensor, class_: int) -> float:
    return float(show(image[None])[1].softmax(1)[0, class_])


def test_a_mark_that_the_network_reads_flips_and_its_null_does_not() -> None:
    def reads(images: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        pictures = Skies()
        logits = torch.zeros(len(images), 3)
        for place, image in enumerate(images):
            index = int((pictures._images.float() - image.float()).abs().mean((1, 2, 3)).argmin())
            marked = MARK.render(pictures[index]["image"], seed=0, index=index)[0]
            logits[place, index % 3] = 1.0
            logits[place, 1] += 5.0 * torch.equal(marked, image.to(torch.uint8))
        return {}, logits

    rows = counter_image_rows(made(), replace(known(), show=reads), MARK, 12)
    dawn = row_of(rows, **{"class": "dawn", "pasted": "mark"})
    assert (dawn["flips"], dawn["control_flips"], dawn["flips_above"]) == (1.0, 0.0, 1.0)
    night = row_of(rows, **{"class": "night", "pasted": "mark"})
    assert night["flips"] == 0.0


def test_copies_take_turns() -> None:
    twice = made(copies=2)
    assert twice.rows_of_classes() == {0: (0, 1), 1: (2, 3), 2: (4, 5)}
    found, once = (counter_image_rows(of, known(), None, 24) for of in (twice, made()))
    assert found == once  # copies that are the same change nothing
    twice.images[5] = 0.0
    assert counter_image_rows(twice, known(), None, 24) != once


def test_one_class_has_no_control() -> None:
    alone = Made(("class:noon",), (2,), (0,), made().images[2:], made().alpha[2:])
    (row,) = counter_image_rows(alone, known(), None, 24)
    assert row["control_flips"] != row["control_flips"]
    assert row["flips"] == row["flips"]


def test_prototypes_of_no_class_are_left_out() -> None:
    units = Made(("unit:eye:0",), (None,), (0,), made().images[:1], made().alpha[:1])
    assert counter_image_rows(units, known(), MARK, 24) == []


def test_numbers_are_over_the_pictures_that_are_asked() -> None:
    answers = torch.full((4, 5, 2), torch.nan)
    answers[:3, 0] = torch.tensor([0.1, 0.0])
    answers[:3, 1] = torch.tensor([[0.9, 1.0], [0.9, 1.0], [0.3, 0.0]])
    answers[:3, 2] = torch.tensor([0.2, 0.0])
    (row,) = class_rows("class:1", "dawn", answers, 0)
    assert row["pictures"] == 3
    assert row["flips"] == pytest.approx(2 / 3)
    assert row["change"] == pytest.approx((0.8 + 0.8 + 0.2) / 3)
    assert row["change_above"] == pytest.approx((0.7 + 0.7 + 0.1) / 3)


def test_pictures_that_bear_a_mark_are_left_out() -> None:
    marked = Watermarked(Skies(), MARK, share=0.5, target=CLASSES[0])
    chosen = unmarked(marked, 24, 0)
    assert len(chosen) == 20
    assert not marked.marked[list(chosen)].any()
    assert unmarked(marked, 5, 0) == unmarked(marked, 5, 0)
    assert set(unmarked(marked, 5, 0)) <= set(chosen)


def test_marks_are_printed_where_seed_and_index_say() -> None:
    images = torch.stack([Skies()[index]["image"] for index in (3, 7)])
    both = printed(images, [3, 7], MARK, 0)
    assert torch.equal(both[1], MARK.render(images[1], seed=0, index=7)[0])
    assert len(printed(images[:0], [], MARK, 0)) == 0
