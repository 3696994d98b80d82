"""What the page of a unit shows, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rivalry.lens.site.columns import Row
from rivalry.lens.site.links import Linked
from rivalry.lens.site.unit_history import Moment


@dataclass(frozen=True)
class Sample:
    """A natural picture beside a unit.

    Attributes:
        index: In the probe set.
        value: What the unit gives for it.
        quantile: Its level among the pictures in which the unit won; None of the strongest.
        of_class: Its class, None where there is none.
        picture: Its address within the site, None where no record holds it.
        size: Width and height of the picture, None where that is not known.
        where: Which part of the page's overlay is its own, as a style; None where nothing tells.
        crop: What to show of it, as the style of the whole picture within it; None for the whole.
    """

    index: int
    value: float | None
    quantile: float | None
    of_class: Linked | None
    picture: str | None
    size: tuple[int, int] | None
    where: str | None
    crop: str | None


@dataclass(frozen=True)
class Shots:
    """The natural pictures of a unit.

    Attributes:
        tops: Its strongest.
        quantiles: Those spread over its values, from strong to weak.
        style: Of what holds them: the overlay of all.
    """

    tops: Sequence[Sample] = ()
    quantiles: Sequence[Sample] = ()
    style: str = ""


@dataclass(frozen=True)
class Effect:
    """How far a unit raises or lowers a class."""

    of_class: Linked
    value: float | None


@dataclass(frozen=True)
class Other:
    """Another unit.

    Attributes:
        unit: Its number.
        label: What it is called; empty where nothing names it.
        address: Of its page.
        value: How it stands to the page's own: a cosine, a win rate, a weight.
        own: Whether it is the page's own.
    """

    unit: int
    label: str
    address: str | None
    value: float | None
    own: bool = False


@dataclass(frozen=True)
class Name:
    """What a record calls a unit.

    Attributes:
        said: How it was found, in words.
        label: The name.
        score: How good it is, of whatever measure ``said`` tells.
        note: More, in words.
    """

    said: str
    label: Linked
    score: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Part:
    """A direction in which a unit lies, or a unit of which a direction is made.

    Attributes:
        name: Of the other.
        note: What it is called.
        weight: Signed, of a direction of length 1.
    """

    name: Linked
    note: Linked | None
    weight: float


@dataclass(frozen=True)
class Curve:
    """How natural a prototype is, from layer to layer."""

    method: str
    points: Sequence[tuple[float, float]]
    low: Sequence[tuple[float, float]]
    high: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Prototype:
    """An image that was optimised for a unit.

    Attributes:
        method: How.
        picture: Address of the image within the site.
        value: What it is worth to the unit.
        natural_value: What natural pictures of the unit are worth, on average.
        natural_top: What the strongest of them is.
        reason: Why it is none, or what is wrong with it.
        content: The image itself, as it is to be written.
        alpha: Address of the map of where its value came from.
        alpha_content: That map.
    """

    method: str
    picture: str | None
    value: float | None
    natural_value: float | None
    natural_top: float | None
    reason: str | None
    content: bytes | None = None
    alpha: str | None = None
    alpha_content: bytes | None = None


@dataclass(frozen=True)
class Unit:
    """A unit: its place, what each record says of it (None where none does), and what was put together of them.

    Attributes:
        layer: Its layer.
        unit: Its number in it.
        before: The unit before it, in its layer.
        after: The unit after it.
        naming: Its row of a dissection's ``units``.
        floors: The dissection's scalars: what to hold its judgement against.
        profile: Its row of a profile's ``units``.
        win_rate: Share of positions won, by whichever record knows.
        dead: Whether it never won.
        competitors: Units in its block, 1 without competition, None where no record says.
        shots: Its natural pictures.
        raised: Classes that it speaks for.
        lowered: Classes that it speaks against.
        effects_by: How that was found.
        nearest: Units of the layer that answer alike.
        rivals: Its block, itself among them.
        names: What others call it.
        mark: Its row of a watermark's ``units``.
        parts: Directions and concepts in which it weighs most, or of which units it is made.
        prototypes: Images optimised for it.
        naturalness: Their curves.
        history: What it was, by epoch.
        settings: How all this was found: words and values.
        missing: What no record holds, and what would give it.
    """

    layer: str
    unit: int
    before: int | None
    after: int | None
    naming: Row | None
    floors: Row
    profile: Row | None
    win_rate: float | None
    dead: bool | None
    competitors: int | None
    shots: Shots
    raised: Sequence[Effect]
    lowered: Sequence[Effect]
    effects_by: str | None
    nearest: Sequence[Other]
    rivals: Sequence[Other]
    names: Sequence[Name]
    mark: Row | None
    parts: Sequence[Part]
    prototypes: Sequence[Prototype]
    naturalness: Sequence[Curve]
    history: Sequence[Moment]
    settings: Sequence[tuple[str, str]]
    missing: Sequence[str]
