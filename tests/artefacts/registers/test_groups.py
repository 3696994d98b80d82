"""Attention by group of tokens, against a plain sum and by hand."""

import math

import torch

from rivalry.artefacts.registers.groups import GROUPS, attention_by_group, summarise, token_groups
from rivalry.recording.grid import Tokens

OUTLIERS = torch.tensor([[True, False, False], [False, False, False]])


def test_every_token_is_in_one_group() -> None:
    for layout in (Tokens(True, 2, 1, 3), Tokens(False, 4, 1, 3), Tokens(True, 0, 1, 3), Tokens(False, 0, 1, 3)):
        groups = token_groups(layout, OUTLIERS)
        assert groups.shape == (2, len(GROUPS), layout.count)
        assert bool((groups.sum(1) == 1).all())
        counts = groups[0].sum(1).tolist()
        assert counts == [int(layout.class_token), layout.registers, 1, 2]


def test_even_attention_enriches_nobody_and_is_of_full_entropy() -> None:
    layout = Tokens(True, 2, 1, 3)
    even = torch.full((2, 4, 6, 6), 1 / 6)
    found = summarise(attention_by_group(even, token_groups(layout, OUTLIERS)), images=2)
    for group in GROUPS:
        assert math.isclose(found[f"enrichment_{group}"], 1, rel_tol=1e-6)
        assert math.isclose(found[f"entropy_{group}"], 1, rel_tol=1e-6)
    assert math.isclose(found["mass_register"], 2 / 6, rel_tol=1e-6)
    assert math.isclose(found["mass_outlier"], 1 / 12, rel_tol=1e-6)  # one patch of six, in one image of two


def test_all_look_at_the_outlier() -> None:
    layout = Tokens(False, 0, 1, 3)
    attention = torch.zeros(1, 1, 3, 3)
    attention[:, :, :, 0] = 1
    found = summarise(attention_by_group(attention, token_groups(layout, OUTLIERS[:1])), images=1)
    assert found["mass_outlier"] == 1
    assert math.isclose(found["enrichment_outlier"], 3)
    assert found["enrichment_normal"] == 0
    assert found["entropy_normal"] == 0
    assert math.isnan(found["mass_class"])
    assert math.isnan(found["enrichment_register"])


def test_masses_add_up_to_one_and_batches_to_the_whole() -> None:
    layout = Tokens(True, 1, 2, 3)
    attention = torch.randn(5, 2, 8, 8, generator=torch.Generator().manual_seed(0)).softmax(3)
    outliers = torch.rand(5, 6, generator=torch.Generator().manual_seed(1)) > 0.6
    groups = token_groups(layout, outliers)
    whole = attention_by_group(attention, groups)
    parts = [attention_by_group(attention[rows], groups[rows]) for rows in (slice(0, 2), slice(2, 5))]
    for one, first, second in zip(whole, *parts, strict=True):
        assert torch.allclose(one, first + second)
    found = summarise(whole, 5)
    assert math.isclose(sum(found[f"mass_{group}"] for group in GROUPS), 1, rel_tol=1e-6)
    plain = sum(attention[i, :, :, 2:][:, :, outliers[i]].sum(2).mean() for i in range(5)) / 5
    assert math.isclose(found["mass_outlier"], float(plain), rel_tol=1e-5)
