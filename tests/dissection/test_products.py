"""Products of terms: C++ and PyTorch, against float64."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rivalry.dissection import products
from rivalry.dissection.products import add_log_products, multiply_by_gathers, multiply_natively, that_fit
from rivalry.numerics import native as compiling
from rivalry.numerics.native import NotCompiled


def drawn(units: int, k: int, words: int) -> tuple[Tensor, Tensor, list[float]]:
    """Chances of which some are 1, rows and ratios."""
    generator = torch.Generator().manual_seed(0)
    chance = torch.rand(60, words, generator=generator) ** 8
    chance[7] = 1.0
    rows = torch.randint(0, 60, (units, k), generator=generator)
    return chance, rows, torch.linspace(499, 30, k).tolist()


def logs(chance: Tensor, rows: Tensor, ratios: list[float]) -> Tensor:
    terms = torch.tensor(ratios).double()[None, :, None] * chance.double()[rows]
    return terms.log1p().sum(1)


@pytest.mark.parametrize("multiply", [multiply_natively, multiply_by_gathers])
@pytest.mark.parametrize("words", [1, 127, 128, 300])
def test_products_equal_float64(multiply: Callable[..., None], words: int) -> None:
    chance, rows, ratios = drawn(9, 30, words)
    product = torch.full((9, words), 2.0, dtype=torch.float64)
    multiply(product, chance, rows, ratios, 14)
    expected = 2 * logs(chance, rows, ratios).exp()
    torch.testing.assert_close(product, expected, atol=0, rtol=5e-6)


def test_units_in_groups_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    chance, rows, ratios = drawn(9, 30, 5)
    whole, parts = torch.ones(2, 9, 5, dtype=torch.float64)
    multiply_by_gathers(whole, chance, rows, ratios, 14)
    monkeypatch.setattr(products, "_elements_at_once", lambda _: 10)  # two units
    multiply_by_gathers(parts, chance, rows, ratios, 14)
    assert torch.equal(whole, parts)


def test_more_ranks_than_fit_float64_take_another_logarithm() -> None:
    chance, rows, ratios = drawn(3, 500, 20)
    rows[0] = 7  # every chance is 1
    total, room = torch.ones(3, 20, dtype=torch.float64), torch.empty(3, 20, dtype=torch.float64)
    add_log_products(chance, rows, ratios, total, room)
    torch.testing.assert_close(total, 1 + logs(chance, rows, ratios), atol=0, rtol=1e-6)


def test_products_fit_their_type_where_an_image_shows_one_word_alone() -> None:
    for ratio in (0.998 / 0.002, 1e7):
        for dtype in (torch.float32, torch.float64):
            largest = torch.tensor(1 + ratio, dtype=dtype)
            assert torch.isfinite(largest ** that_fit(ratio, dtype))
            assert not torch.isfinite(largest ** (that_fit(ratio, dtype) + 1))


def test_without_a_compiler_it_is_pytorch_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise NotCompiled("there is no C++ compiler (c++)")

    chance, rows, ratios = drawn(4, 20, 6)
    native, slow, room = torch.zeros(3, 4, 6, dtype=torch.float64)
    add_log_products(chance, rows, ratios, native, room)
    monkeypatch.setattr(compiling, "native_library", refuse)
    compiling.compiles.cache_clear()
    try:
        with pytest.warns(UserWarning, match=r"named by PyTorch instead of C\+\+.*no C\+\+ compiler"):
            add_log_products(chance, rows, ratios, slow, room)
        add_log_products(chance, rows, ratios, slow, room)  # a second warning would be an error
    finally:
        compiling.compiles.cache_clear()
    torch.testing.assert_close(slow, 2 * native, atol=1e-5, rtol=0)
