"""The page of an explanation: what is told stands on it, nothing leads out of it, and bars are as long as numbers."""

from __future__ import annotations

import base64
import copy
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from rivalry.lens.explanation_page import ExplanationPictures, explanation_page

EVIL = '"><img src=x onerror=alert(1)>&'
TOLD: dict[str, Any] = {
    "picture": "cat.jpg",
    "answers": [
        {"number": 3, "name": "cat", "logit": 7.25, "probability": 0.98},
        {"number": 1, "name": "dog", "logit": -1.5, "probability": 0.02},
    ],
    "asked": {"why": "cat", "against": None, "value": 7.25},
    "layers": [
        {
            **{"layer": name, "competitors": 4, "width": 96, "won": 81, "exact": exact, "total": 7.0, "rest": 0.25},
            "to_cover": 15,
            "units": [
                {"unit": 7, "label": "ear", "confirmed": True, "strength": 2.0, "win_share": 0.5, "contribution": 3.0},
                {"unit": 9, "label": "", "confirmed": None, "strength": -1.0, "win_share": 0.04, "contribution": -1.0},
            ],
        }
        for name, exact in (("layer3", False), ("layer4", True))
    ],
    "concepts": [
        {
            **{"record": "concepts", "layer": "layer4", "codes": "non_negative", "total": 5.0},
            "concepts": [{"concept": 2, "name": "whiskers", "code": 1.5, "importance": 5.0}],
        }
    ],
    "clusters": {"layers": ["layer3", "layer4"], "labels": [[0, 1]]},
    "prototypes": {
        "record": "prototypes",
        **{"layer": "layer4", "compared": 32, "known": 1000},
        "nearest": [{"target": "class:cat", "similarity": 0.625}],
    },
}
PICTURES = ExplanationPictures(
    image=b"image",
    clusters=b"clusters",
    units={("layer4", 7): b"unit"},
    concepts={("concepts", "layer4", 2): b"crop"},
    prototypes=[b"prototype"],
)


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.handlers: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []  # every tag was closed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "img"):
            self._open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(told: dict[str, Any] = TOLD, pictures: ExplanationPictures = PICTURES) -> str:
    return explanation_page("mine", [told], [pictures])


def test_what_is_told_stands_on_the_page() -> None:
    words = " ".join(Page(page_of()).words)
    for wanted in ("Why “cat”?", "logit +7.25", "98 %", "ear ✓", "(was dead)", "−1.00", "whiskers", "class:cat · 0.62"):
        assert wanted in words
    assert "81 of 96 units won, 4 in a block" in words
    assert "Together they contribute +7.00, the 2 below +2.00 of it; " in words
    assert "The nearest of 32 out of 1000 prototypes by rank correlation" in words
    assert "the bias adds +0.250; contributions are exact" in words
    assert "the rest is +0.250; contributions are of first order" in words
    assert (
        words.index("layer4") < words.index("15 of 96 units cover 90 %") < words.rindex("layer3")
    )  # the deepest first


def test_of_a_picture_the_file_name_alone_is_shown() -> None:
    text = page_of({**TOLD, "picture": "home/somebody/patients/cat.jpg"})
    assert "cat.jpg" in Page(text).words
    assert "somebody" not in text


def test_where_all_units_are_told_nothing_is_left_to_say() -> None:
    told = copy.deepcopy(TOLD)
    for layer in told["layers"]:
        layer["total"] = 2.0
    assert "of it; " not in page_of(told)


def test_one_class_against_another_is_asked_so() -> None:
    words = " ".join(Page(page_of({**TOLD, "asked": {"why": "cat", "against": "dog", "value": 8.75}})).words)
    assert "Why “cat” and not “dog”?" in words
    assert "difference of logits +8.75" in words


def test_pictures_are_in_the_page_and_nothing_leads_out_of_it() -> None:
    text = page_of()
    links = Page(text).links
    shown = [base64.b64decode(link.removeprefix("data:image/png;base64,")) for link in links]
    assert shown == [b"image", b"clusters", b"unit", b"crop", b"prototype"]
    assert "http" not in text.replace("http-equiv", "")
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'; img-src data:" in text


def evil(value: Any) -> Any:
    """The same with harm in every text."""
    if isinstance(value, dict):
        return {name: evil(one) for name, one in value.items()}
    if isinstance(value, list):
        return [evil(one) for one in value]
    return EVIL if isinstance(value, str) else value


def test_whatever_comes_from_outside_is_escaped() -> None:
    pictures = ExplanationPictures(b"image", b"clusters", {(EVIL, 7): b"unit"}, {(EVIL, EVIL, 2): b"crop"}, [b"made"])
    page = Page(explanation_page(EVIL, [evil(copy.deepcopy(TOLD))], [pictures]))
    assert page.handlers == []
    assert set(page.tags) == set(Page(page_of()).tags)
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert " ".join(page.words).count(EVIL) > 10


def test_bars_are_as_long_as_contributions_and_go_both_ways() -> None:
    table = page_of().split("ear ✓</td>")[1]
    bars = re.findall(r'<span style="width:([\d.]+)%"></span><span class="(\w+)" style="width:([\d.]+)%">', table)
    assert bars[:2] == [("25.00", "for", "75.00"), ("0.00", "against", "25.00")]  # 3 and −1, zero at a quarter


def test_bars_of_probabilities_are_as_long_as_these_and_not_as_the_largest() -> None:
    unsure = copy.deepcopy(TOLD)
    unsure["answers"][0]["probability"] = 0.05
    table = page_of(unsure).split("probability</th>")[1]
    assert re.findall(r'class="for" style="width:([\d.]+)%"', table)[:2] == ["5.00", "2.00"]


def test_parts_that_are_not_known_are_left_out() -> None:
    bare = {**TOLD, "clusters": None, "prototypes": None, "concepts": []}
    page = Page(page_of(bare, ExplanationPictures(b"image")))
    words = " ".join(page.words)
    assert "Nearest prototypes" not in words
    assert "Concepts of the class" not in words
    assert page.tags.count("img") == 1
    unnamed = copy.deepcopy(bare)
    for layer in unnamed["layers"]:
        for unit in layer["units"]:
            unit["label"] = None
    assert "label" not in Page(page_of(unnamed, ExplanationPictures(b"image"))).words


def test_every_explanation_comes_with_its_pictures() -> None:
    with pytest.raises(ValueError, match="2 explanations come with as many pictures, got 1"):
        explanation_page("mine", [TOLD, TOLD], [PICTURES])
