"""What is asked: names before numbers, and no class against itself."""

import pytest

from rivalry.export.explaining.question import Asking, Question, class_number


def test_a_name_counts_before_a_number() -> None:
    assert class_number("1", ["3", "1", "2"]) == 1
    assert class_number("0", ["3", "1", "2"]) == 0
    assert class_number(2, ["3", "1", "2"]) == 2


@pytest.mark.parametrize("given", ["-1", "3", -1, 3, "", "١٢"])
def test_what_is_no_class_is_refused(given: str | int) -> None:
    with pytest.raises(ValueError, match="no class is called"):
        class_number(given, ["a", "b", "c"])


def test_the_predicted_class_is_asked_for_by_default() -> None:
    asking = Asking.of(None, "b", ["a", "b", "c"])
    assert asking.of_picture(2, "x.png", ["a", "b", "c"]) == Question(2, 1)
    with pytest.raises(ValueError, match=r"asked why not 'b', and x\.png is taken for just that"):
        asking.of_picture(1, "x.png", ["a", "b", "c"])
    assert Asking.of("a", None, ["a", "b"]).of_picture(1, "x.png", ["a", "b"]) == Question(0, None)
