"""The graph of strategies: signs, colours and words of every picture, from a class known by hand."""

import re

from rivalry.lens.class_view import view_class
from rivalry.lens.site.strategy_plot import coloured, strategy_key, strategy_plot
from tests.lens.class_record import class_rows
from tests.lens.site.class_runs import indexed


def test_only_concepts_that_decide_ten_pictures_have_a_colour() -> None:
    assert coloured(view_class(indexed(class_rows(decided=(30, 10, 4))))) == {0: 0, 1: 1}
    assert coloured(view_class(indexed(class_rows(decided=(10, 30, 4))))) == {1: 0, 0: 1}


def test_every_picture_is_there_with_its_sign() -> None:
    view = view_class(indexed(class_rows(decided=(30, 10, 4))))
    drawn = str(strategy_plot(view, coloured(view), {}))
    assert drawn.count('class="one') == 44
    assert drawn.count('class="cross"') == 11  # one in four is of another class
    assert drawn.count('class="mark"') == 22
    assert drawn.count("<image") == 0
    assert len(re.findall(r'class="one hue-0"', drawn)) == 30
    assert len(re.findall(r'class="one hue-1"', drawn)) == 10
    assert len(re.findall(r'<text class="letter"', drawn)) == 2
    key = str(strategy_key(view, coloured(view)))
    assert all(words in key for words in ("0 · thing0", "another concept", "another class", "bears the mark"))


def test_some_pictures_show_themselves_and_can_be_reached_by_keys() -> None:
    view = view_class(indexed(class_rows()))
    drawn = str(strategy_plot(view, {}, {row["index"]: f"p/{row['index']}.png" for row in view.pictures}))
    shown = drawn.count("<image")
    assert 5 < shown <= 26
    assert drawn.count('tabindex="0"') == shown
    assert drawn.count('data-hover="p/') == 44


def test_pictures_without_places_are_told() -> None:
    rows = class_rows()
    for row in rows["pictures"]:
        row["x"] = None
    assert "Too few pictures" in strategy_plot(view_class(indexed(rows)), {}, {})


def test_words_from_outside_stay_words() -> None:
    rows = class_rows('"><script>')
    rows["concepts"][0]["name"] = "<b onload=alert(1)>"
    view = view_class(indexed(rows))
    drawn = strategy_plot(view, coloured(view), {0: '"><img>'}) + strategy_key(view, coloured(view))
    assert "<script" not in drawn
    assert "<b onload" not in drawn
    assert "<img" not in drawn
    assert "&lt;b onload" in drawn
