"""Words from outside stay words."""

from __future__ import annotations

import pytest

from rivalry.export.writing.markdown import code, table, word


@pytest.mark.parametrize(
    "text",
    ["<img src=x onerror=alert(1)>", "[a](javascript:alert)", "![x](http://y)", "`x`", "a|b", "# x", "**b**", "~~s~~"],
)
def test_no_markup_survives(text: str) -> None:
    said = word(text)
    assert "<" not in said
    for mark in "[]()`|#*!~":
        assert said.count(mark) == said.count(f"\\{mark}")


def test_a_word_stays_on_its_line() -> None:
    assert word("a\n\n# b\tc") == r"a \# b c"
    assert word("sea lion & seal") == "sea lion &amp; seal"


def test_names_become_code_unless_they_would_leave_it() -> None:
    assert code("layer4.0.act2") == "`layer4.0.act2`"
    for name in ("a`b", "a|b", "<b>", "a\nb", ""):
        assert code(name) == word(name)


def test_an_empty_table_is_nothing() -> None:
    assert table(["a", "b"], []) == ""
