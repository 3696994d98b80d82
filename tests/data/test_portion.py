"""Part of a data set."""

import numpy as np
import pytest
import torch

from rivalry.data.dataset import Concept, ImageDataset, Sample
from rivalry.data.portion import Portion


class Numbers(ImageDataset):
    """A picture whose pixels are its index."""

    classes = ("even", "odd")
    concepts = (Concept("dot", "texture"),)
    fingerprint = "numbers"

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int) -> Sample:
        return {"image": torch.full((3, 2, 2), index, dtype=torch.uint8), "label": index % 2, "index": index}


def shown(portion: Portion) -> list[int]:
    return [int(portion[i]["image"][0, 0, 0]) for i in range(len(portion))]


def test_a_portion_and_its_rest_make_the_whole() -> None:
    part, rest = Portion(Numbers(), share=0.3), Portion(Numbers(), share=0.3, rest=True)
    assert (len(part), len(rest)) == (30, 70)
    assert sorted(shown(part) + shown(rest)) == list(range(100))
    assert shown(part) == sorted(shown(part))


def test_the_seed_decides_the_draw() -> None:
    first, same, other = (Portion(Numbers(), limit=10, seed=seed) for seed in (1, 1, 2))
    assert shown(first) == shown(same) != shown(other)
    assert first.fingerprint == same.fingerprint != other.fingerprint


def test_the_fingerprint_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    portion = Portion(Numbers(), limit=10)
    first = portion.fingerprint
    monkeypatch.setattr(Numbers, "fingerprint", property(lambda _: pytest.fail("asked for again")))
    assert portion.fingerprint == first


def test_samples_carry_their_place_in_the_portion() -> None:
    portion = Portion(Numbers(), limit=10)
    assert [portion[i]["index"] for i in range(10)] == list(range(10))
    assert [portion[i]["label"] for i in range(10)] == [shade % 2 for shade in shown(portion)]
    assert (portion.classes, portion.concepts) == (Numbers.classes, Numbers.concepts)


def test_a_limit_beyond_the_whole_takes_all_of_it() -> None:
    assert shown(Portion(Numbers(), limit=1000)) == list(range(100))
    with pytest.raises(ValueError, match="nothing is left"):
        Portion(Numbers(), limit=1000, rest=True)


@pytest.mark.parametrize("asked", [{}, {"limit": 0}, {"share": 0.0}, {"share": 1.0}, {"limit": 3, "share": 0.5}])
def test_a_draw_that_says_nothing_or_too_much_is_refused(asked: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="either a limit of at least 1 or a share between 0 and 1"):
        Portion(Numbers(), **asked)  # type: ignore[arg-type]


class Animals(Numbers):
    """One cat, two dogs, three big cats and four eels, in turn."""

    classes = ("cat", "dog", "big cat", "eel")
    fingerprint = "animals"
    sequence = (3, 2, 1, 3, 2, 1, 0, 3, 2, 3)

    def __getitem__(self, index: int) -> Sample:
        return {**super().__getitem__(index), "label": self.sequence[index % 10]}


def test_classes_are_taken_by_name_or_pattern_and_numbered_anew() -> None:
    cats = Portion(Animals(), classes=["*cat"])
    assert cats.classes == ("cat", "big cat")
    assert len(cats) == 40
    assert cats.labels.tolist() == [cats[i]["label"] for i in range(40)]
    assert [cats[i]["label"] for i in range(4)] == [1, 1, 0, 1]
    assert shown(cats)[:4] == [1, 4, 6, 8]
    assert Portion(Animals(), classes=["eel", "cat"]).classes == ("cat", "eel")  # in the order of the whole


def test_of_classes_some_can_be_drawn() -> None:
    part, rest = (Portion(Animals(), classes=["dog", "eel"], share=0.5, rest=rest) for rest in (False, True))
    whole = Portion(Animals(), classes=["dog", "eel"])
    assert sorted(shown(part) + shown(rest)) == shown(whole)
    assert len(part) == len(rest) == 30
    assert len({part.fingerprint, rest.fingerprint, whole.fingerprint}) == 3


def test_every_class_can_be_drawn_from_by_itself() -> None:
    few = Portion(Animals(), limit=5, by_class=True)
    assert np.bincount(few.labels).tolist() == [5, 5, 5, 5]
    stratified = Portion(Animals(), share=0.2, by_class=True)
    assert np.bincount(stratified.labels).tolist() == [2, 4, 6, 8]
    rest = Portion(Animals(), share=0.2, by_class=True, rest=True)
    assert sorted(shown(stratified) + shown(rest)) == list(range(100))
    with pytest.raises(ValueError, match="either a limit"):
        Portion(Animals(), classes=["cat"], by_class=True)


def test_classes_that_are_not_there_are_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'bigcat' is none of the 4 classes; nearest: big cat, cat"):
        Portion(Animals(), classes=["dog", "bigcat"])
    with pytest.raises(ValueError, match="at least one; given none"):
        Portion(Animals(), classes=[])


@pytest.mark.parametrize("index", [-1, 10])
def test_an_index_beyond_the_end_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match=f"samples 0 to 9; asked for {index}"):
        Portion(Numbers(), limit=10)[index]
