"""Small charts: numbers in words, escaped names, and nothing drawn of what is no number."""

import math
import re
from xml.etree import ElementTree as tree

import pytest

from rivalry.lens.site.charts import Bar, Series, bars, curves, histogram, sparkline, swatch
from rivalry.lens.site.charts.marks import tick_said, ticks

NAN = math.nan
HOSTILE = '"><script>alert(1)</script>'


def drawn(markup: str) -> tree.Element:
    """The first SVG of some markup, parsed."""
    return tree.fromstring(markup[markup.index("<svg") : markup.index("</svg>") + 6])


def test_a_curve_says_its_numbers() -> None:
    markup = curves([Series("argmax", [(1, 0.5), (3, 0.75)])], title="Accuracy", percent=True)
    picture = drawn(markup)
    assert picture.attrib["role"] == "img"
    assert picture.findtext("title") == "Accuracy"
    assert picture.findtext("desc") == "argmax: 50.0 % at epoch 1, 75.0 % at epoch 3; least 50.0 %, most 75.0 %"
    assert [dot.findtext("title") for dot in picture.iter("circle")] == ["argmax, 1: 50.0 %", "argmax, 3: 75.0 %"]


def test_places_are_in_proportion_to_values() -> None:
    points = [(0, 0.0), (1, 1.0), (2, 0.5)]
    dots = list(drawn(curves([Series("one", points)], title="x")).iter("circle"))
    across, down = ([float(dot.attrib[name]) for dot in dots] for name in ("cx", "cy"))
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.11)
    assert down[0] - down[1] == pytest.approx(2 * (down[0] - down[2]), abs=0.21)
    assert down[0] > down[2] > down[1]


def test_what_is_no_number_is_left_out() -> None:
    markup = curves([Series("one", [(1, NAN), (2, 1.0), (3, math.inf)]), Series("none", [(1, NAN)])], title="x")
    assert len(list(drawn(markup).iter("circle"))) == 1
    assert "none" not in markup
    assert "nan" not in markup
    assert "inf" not in markup


@pytest.mark.parametrize("series", [[], [Series("one", [])], [Series("one", [(1, NAN)])]])
def test_nothing_to_draw_is_said(series: list[Series]) -> None:
    assert curves(series, title="<b>") == '<p class="missing">&lt;b&gt;: no values.</p>'


@pytest.mark.parametrize("value", [0.0, 1.0, -3.0, 1e-9, 1e12])
def test_one_value_is_drawn_in_the_frame(value: float) -> None:
    picture = drawn(curves([Series("one", [(4, value), (4, value)])], title="x"))
    assert all(0 < float(dot.attrib["cy"]) < 180 for dot in picture.iter("circle"))


@pytest.mark.parametrize(("values", "zero"), [((0.512, 0.513), True), ((6.0, 6.0), True), ((0.8, 0.9), False)])
def test_what_hardly_changes_is_drawn_from_nought(values: tuple[float, float], zero: bool) -> None:
    drawn = curves([Series("one", [(1, values[0]), (2, values[1])])], title="x")
    assert (">0</text>" in drawn) is zero


def test_floors_marks_and_intervals_are_drawn() -> None:
    one = Series("one", [(1, 1.0), (2, 2.0)], low=[0.5, 1.5], high=[1.5, 2.5])
    markup = curves([one], title="x", floor=[Series("chance", [(1, 0.1)])], band=(0.2, 0.4), marked=1.5)
    for kind in ("line floor", "spread main", "band", "marked"):
        assert f'class="{kind}' in markup
    assert "spread" not in curves([Series("one", one.points, low=[0.5], high=[NAN])], title="x")


def test_names_are_escaped_everywhere() -> None:
    series = [Series(HOSTILE, [(1, 1.0)])]
    made = [
        curves(series, title=HOSTILE, x=HOSTILE, y=HOSTILE, floor=series),
        bars([Bar(HOSTILE, 1.0, HOSTILE, 1, HOSTILE)], title=HOSTILE),
        histogram([0, 1], [3], title=HOSTILE),
        sparkline([1, 2], title=HOSTILE),
    ]
    for markup in made:
        assert "<script" not in markup
        assert "&#34;&gt;&lt;script&gt;" in markup


def test_bars_lie_on_one_scale_with_negatives_to_the_left() -> None:
    markup = bars([Bar("up", 3.0, "up.html"), Bar("down", -1.0), Bar("none", NAN)], title="Effects")
    places = re.findall(r'class="(fill[^"]*)" style="--from:([\d.]+)%;--wide:([\d.]+)%"', markup)
    assert places == [("fill", "25.0", "75.0"), ("fill negative", "0.0", "25.0")]
    assert '<a href="up.html">up</a>' in markup
    assert ">−1<" in markup
    assert "–" in markup
    assert '<th scope="row">none' in markup


def test_counts_are_whole() -> None:
    assert '<td class="value">22</td>' in bars([Bar("one", 22.0), Bar("none", None), Bar("two", 0.0)], title="x")
    assert '<td class="value">22.00</td>' in bars([Bar("one", 22.0), Bar("two", 0.5)], title="x")


def test_a_bar_has_its_interval() -> None:
    markup = bars([Bar("one", 0.5, low=0.4, high=0.625)], title="x", percent=True)
    assert "50.0 %" in markup
    assert "40 % to 62 %" in markup
    assert 'class="reach" style="--from:64.0%;--wide:36.0%"' in markup
    assert bars([], title="x") == '<p class="missing">x: no values.</p>'


def test_a_histogram_is_as_high_as_its_counts() -> None:
    picture = drawn(histogram([0, 1, 2, 3], [1, 4, 0], title="Activations", marked=2.5))
    heights = [float(bar.attrib["height"]) for bar in picture.iter("rect")]
    assert heights[1] == pytest.approx(4 * heights[0], abs=0.3)
    assert len(heights) == 2
    assert picture.findtext("desc") == "5 values from 0.00 to 3.00, most of them, 4, between 1.00 and 2.00"


@pytest.mark.parametrize(
    ("edges", "counts"), [([], []), ([0, 1], []), ([0, 1], [0]), ([0, NAN], [2]), ([0, 1], [NAN]), ([0, 1, 2], [3])]
)
def test_a_histogram_of_nothing_says_so(edges: list[float], counts: list[float]) -> None:
    assert "nothing counted" in histogram(edges, counts, title="x")


def test_a_histogram_of_one_value_is_one_bar() -> None:
    assert len(list(drawn(histogram([2, 2], [5], title="x")).iter("rect"))) == 1


def test_a_sparkline_leaves_gaps_out() -> None:
    assert drawn(sparkline([1, None, 3], title="x")).findtext("desc") == "from 1.00 to 3.00, least 1.00, most 3.00"
    assert sparkline([None, NAN], title="x") == ""
    assert "<svg" in sparkline([2.0], title="x")


def test_ticks_are_round_and_told_briefly() -> None:
    assert ticks(0, 1) == pytest.approx([0, 0.5, 1])
    assert ticks(3.2, 3.2) == [3.2]
    assert tick_said(0.5, percent=True, step=0.5) == "50 %"
    assert tick_said(0.02, percent=False, step=0.01) == "0.02"
    assert tick_said(2e6, percent=False, step=1e6) == "2e6"


def test_colours_go_round() -> None:
    assert [swatch(number) for number in (0, 9, 10)] == ["hue-0", "hue-9", "hue-0"]


def test_names_of_any_length_are_cut_and_those_without_letters_are_said() -> None:
    long = "a" * 300
    assert "…" in bars([Bar(long, 1.0)], title="x")
    assert f'title="{long}"' in bars([Bar(long, 1.0)], title="x")
    assert "(no name)" in bars([Bar("", 1.0, "x.html")], title="x")
    key = curves([Series(long, [(1, 1.0)])], title="x")
    assert key[key.index("<ul") :].count("a") < 100
