"""What a user may have meant."""

from rivalry.numerics.nearest import nearest

KNOWN = ["cosine", "step", "multistep", "constant"]


def test_the_nearest_come_first_and_are_as_many_as_asked_for() -> None:
    assert nearest("cosin", KNOWN, count=1) == "cosine"
    assert nearest("stepp", KNOWN) == "step, multistep"


def test_where_none_is_like_it_the_first_known_are_named() -> None:
    assert nearest("zzz", KNOWN, count=2) == "cosine, step"


def test_nothing_known_is_said() -> None:
    assert nearest("step", iter(())) == "none"
