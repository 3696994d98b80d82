"""A walk through the blocks: what each is told and gives, one block at a time, while images pass.

Attention and units are looked at as soon as a block is done and forgotten before the next begins, so that a walk holds
those of one block at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from rivalry.artefacts.registers.attention import attention_module, listen_to_attention


@dataclass
class Heard:
    """A block's pass over one batch.

    Attributes:
        tokens: Its raw output.
        attention: Gives its attention (batch, heads, queries, keys); None where that is not known.
        units: What goes into the last linear layer of its MLP; None without one.
    """

    tokens: Float[Tensor, "batch tokens channels"]
    attention: Callable[[], Tensor] | None
    units: Float[Tensor, "batch _ units"] | None


Visit = Callable[[str, Heard], None]


@contextmanager
def walking(network: nn.Module, layers: Sequence[str], visit: Visit) -> Iterator[None]:
    """Visit every layer when it is done, for each batch that passes in the context; the hooks always go."""
    with ExitStack() as stack:
        for layer in layers:
            _listen(stack, network.get_submodule(layer), layer, visit)
        yield


def mlp_output(block: nn.Module) -> nn.Linear | None:
    """The last linear layer of a block's MLP: what goes into it are the units behind their activation."""
    mlp = dict(block.named_children()).get("mlp")
    linear = [] if mlp is None else [module for module in mlp.modules() if isinstance(module, nn.Linear)]
    return linear[-1] if linear else None


def _listen(stack: ExitStack, block: nn.Module, layer: str, visit: Visit) -> None:
    """Put the hooks of one block."""
    told: dict[str, Any] = {}

    def done(_block: nn.Module, _inputs: object, output: Tensor) -> None:
        heard = Heard(output, told.pop("attention", None), told.pop("units", None))
        visit(layer, heard)

    if (attention := attention_module(block)) is not None:
        stack.callback(listen_to_attention(attention, lambda give: told.update(attention=give)))
    if (last := mlp_output(block)) is not None:
        hook = last.register_forward_pre_hook(lambda _module, inputs: told.update(units=inputs[0]))
        stack.callback(hook.remove)
    stack.callback(block.register_forward_hook(done).remove)
