"""The classifier behind a layer."""

import torch
from torch import Tensor, nn

from rivalry.recording.linear_head import reading_classifier


class Pooling(nn.Module):
    """A classifier of the mean over places, behind one that has its shape and is not it."""

    def __init__(self, power: int = 1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.other, self.head, self.power = nn.Linear(5, 3), nn.Linear(5, 3), power

    def forward(self, maps: Tensor) -> Tensor:
        logits: Tensor = self.head(maps.mean((2, 3)) ** self.power)
        return logits


def test_the_classifier_is_the_one_that_reads_the_mean_of_the_layer() -> None:
    network, squared, maps = (
        Pooling(),
        Pooling(power=2),
        torch.rand(4, 5, 2, 2, generator=torch.Generator().manual_seed(0)),
    )
    logits = network(maps).detach()
    assert reading_classifier(network, maps, logits) is network.head
    assert reading_classifier(squared, maps, squared(maps).detach()) is None
    assert reading_classifier(network, maps[:, :4], logits) is None


def test_a_large_bias_does_not_hide_that_another_layer_is_read() -> None:
    network, maps = Pooling(), torch.rand(4, 5, 2, 2, generator=torch.Generator().manual_seed(0))
    torch.nn.init.constant_(network.head.bias, 1000.0)
    logits = network(maps).detach()
    assert reading_classifier(network, maps, logits) is network.head
    assert reading_classifier(network, maps.flip(1), logits) is None
