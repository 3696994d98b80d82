"""Numbers that move while a training goes on."""

import math

import pytest

from rivalry.training.schedules import Schedule


@pytest.mark.parametrize(
    ("shape", "quarter", "half"),
    [
        ("constant", 2.0, 2.0),
        ("linear", 3.5, 5.0),
        ("geometric", 2 * math.sqrt(2), 4.0),
        ("cosine", 8 - 6 * 0.5 * (1 + math.sqrt(0.5)), 5.0),
    ],
)
def test_each_shape_passes_through_the_values_worked_by_hand(shape: str, quarter: float, half: float) -> None:
    schedule = Schedule(2.0, 8.0, shape)
    assert schedule.at(0.0) == pytest.approx(2.0)
    assert schedule.at(0.25) == pytest.approx(quarter)
    assert schedule.at(0.5) == pytest.approx(half)
    assert schedule.at(1.0) == pytest.approx(2.0 if shape == "constant" else 8.0)


@pytest.mark.parametrize("shape", ["linear", "geometric", "cosine"])
def test_the_end_is_kept_after_until_and_after_the_last_step(shape: str) -> None:
    early = Schedule(1.0, 9.0, shape, until=0.5)
    whole = Schedule(1.0, 9.0, shape)
    assert early.at(0.2) == pytest.approx(whole.at(0.4))
    assert early.at(0.5) == early.at(0.8) == early.at(1.3) == pytest.approx(9.0)
    assert early.at(-0.1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": 1.0, "end": 2.0, "shape": "quadratic"}, "'quadratic'.*known are constant, linear"),
        ({"start": 1.0, "shape": "linear"}, "needs an end"),
        ({"start": 0.0, "end": 2.0, "shape": "geometric"}, "above zero, got 0.0 and 2.0"),
        ({"start": 1.0, "end": 2.0, "shape": "linear", "until": 0.0}, r"in \(0, 1\], got 0.0"),
        ({"start": 1.0, "end": 2.0, "shape": "linear", "until": 1.5}, r"in \(0, 1\], got 1.5"),
    ],
)
def test_what_is_no_schedule_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule(**arguments)
