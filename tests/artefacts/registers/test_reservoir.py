"""The reservoir keeps what was drawn, whatever the batches, against a plain look at the tokens."""

import pytest
import torch

from rivalry.artefacts.registers.draws import draw_patches
from rivalry.artefacts.registers.reservoir import PROBED, Reservoir
from rivalry.recording.grid import Tokens

TOKENS = torch.randn(9, 8, 5, generator=torch.Generator().manual_seed(0))


def filled(layout: Tokens, batches: list[list[int]], chosen: list[int]) -> Reservoir:
    reservoir = Reservoir(layout, torch.tensor(chosen), 0, torch.device("cpu"))
    for rows in batches:
        index = torch.tensor(rows, dtype=torch.long)
        reservoir.update(index, {"a": TOKENS[index]}, index % 3)
    return reservoir


@pytest.mark.parametrize(
    "layout", [Tokens(True, 1, 2, 3), Tokens(False, 2, 2, 3), Tokens(True, 0, 1, 7), Tokens(False, 0, 2, 4)]
)
def test_norms_and_tokens_of_the_images_that_were_drawn(layout: Tokens) -> None:
    kept = filled(layout, [[0, 1, 2, 3], [], [4, 5, 6, 7, 8]], [7, 2, 5]).layer("a")
    assert kept.index.tolist() == [2, 5, 7]
    patches = TOKENS[[2, 5, 7]][:, layout.prefix :]
    assert torch.allclose(kept.norms, patches.norm(dim=2))
    expected = [name for name in PROBED if {"class": layout.class_token, "register": layout.registers}.get(name, True)]
    assert list(kept.tokens) == expected
    drawn = draw_patches([2, 5, 7], patches.shape[1], 0)
    for image in range(3):
        strongest = int(patches[image].norm(dim=1).argmax())
        assert torch.equal(kept.tokens["strongest"][image], patches[image, strongest])
        assert torch.equal(kept.tokens["normal"][image], patches[image, drawn[image, 0]])
        assert torch.equal(kept.tokens["other"][image], patches[image, drawn[image, 1]])
        assert [int(kept.places[name][image]) for name in ("strongest", "normal", "other")] == [
            strongest,
            int(drawn[image, 0]),
            int(drawn[image, 1]),
        ]
    if layout.class_token:
        assert torch.equal(kept.tokens["class"], TOKENS[[2, 5, 7], 0])
    if layout.registers:
        assert torch.equal(kept.tokens["register"], TOKENS[[2, 5, 7], int(layout.class_token)])


def test_order_and_batches_do_not_matter() -> None:
    layout = Tokens(True, 1, 2, 3)
    one = filled(layout, [list(range(9))], [1, 8, 0, 3])
    other = filled(layout, [[8, 3], [0], [1, 2, 4, 5, 6, 7]], [3, 0, 1, 8])
    assert torch.equal(one.layer("a").norms, other.layer("a").norms)
    assert torch.equal(one.labels(), other.labels())
    assert one.labels().tolist() == [0, 1, 0, 2]
