"""The rest of a network: from what a layer gives to the logits, for any network, without running what stands before."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.recording.observation import Forward, Images, plain_forward


class Rest:
    """From outputs of a layer to logits. A context: what it does to the network is undone at its end.

    Attributes:
        layer: Dotted name.
        outputs: What the layer gave for each picture.
        logits: What the network gave.
        numbers: What running the rest for one picture takes, in numbers.

    Args:
        network: Evaluated as it is, LWTA layers in their mode of evaluation; left as it was.
        layer: Dotted name of a layer that runs once in a pass.
        images: Pictures, 0 to 255, on the network's device.
        forward: From network and pictures to logits.
        seed: Of draws of LWTA layers in the mode ``sample``.

    Raises:
        ValueError: When entered: for a layer that is not there, runs several times, gives no tensor or the logits
            themselves, or on which the logits do not depend.
    """

    outputs: Float[Tensor, "images ..."]
    logits: Float[Tensor, "images classes"]
    numbers: int

    def __init__(
        self, network: nn.Module, layer: str, images: Images, forward: Forward = plain_forward, *, seed: int = 0
    ) -> None:
        self.network, self.layer, self.images, self.forward, self.seed = network, layer, images, forward, seed

    def __enter__(self) -> Rest:
        """Run the network on the pictures, and remember what the rest needs."""
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        """Leave the network as it was."""

    def __call__(self, outputs: Float[Tensor, "batch ..."], image: Int[Tensor, " batch"]) -> Tensor:
        """The logits where the layer gives something else; gradients pass to it.

        Args:
            outputs: In place of the layer's own.
            image: Of which picture each is, counted from 0; the rest of what it needs is remembered of that picture.

        Returns:
            Logits, (batch, classes).
        """
        raise NotImplementedError
