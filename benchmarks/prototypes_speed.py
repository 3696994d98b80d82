"""How long prototypes take: many targets at once beside one image at a time, and those of every epoch.

One image at a time is how tools for feature visualisation work. The plain loop is theirs: the parameters of one image,
PyTorch's Adam, a random view, the network and back; weights ask for no gradients, which is the faster way. Both make
the same images, by the same draws. The network has competing units; its weights are random, which takes no less time.

Every epoch ten classes are gone on with from the record before, by both recipes; that is the whole analysis, with
naturalness and pictures beside. Beside it stands the same begun anew with twice the steps.
"""

from __future__ import annotations

from collections.abc import Callable

import timm
import torch
from side_by_side import Comparison
from torch import nn
from torch.utils.data import DataLoader

from rivalry.data import PictureBook
from rivalry.lwta import sparsify
from rivalry.prototypes.images import Canvas, Fourier, Statistics
from rivalry.prototypes.objectives.penalties import Penalties
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.optimisation import Recipe, image_ids, optimise
from rivalry.prototypes.prototypes import Prototypes
from rivalry.prototypes.views import Affine, Chance, seen_through
from rivalry.recording.live import Live
from rivalry.recording.sweep import sweep

PIXELS, CLASSES, COPIES, STEPS, WARM = 64, 16, 2, 10, 60
RECIPE = Recipe(Fourier(), (Affine("m"),), Penalties(high_frequency=1.0), steps=STEPS, rate=0.05)
TARGETS = [Target("class", number, str(number)) for number in range(CLASSES) for _ in range(COPIES)]

Pair = tuple[Callable[[], object], Callable[[], object]]


def beside_a_plain_loop(device: torch.device) -> Pair:
    """All images at once, and each by a plain loop."""
    network, canvas = _network(device), _canvas(device)
    return lambda: _at_once(network, canvas, len(TARGETS)), lambda: _plainly(network, canvas)


def beside_one_at_a_time(device: torch.device) -> Pair:
    """All images at once, and the same one at a time."""
    network, canvas = _network(device), _canvas(device)
    return lambda: _at_once(network, canvas, len(TARGETS)), lambda: _at_once(network, canvas, 1)


def every_epoch(device: torch.device) -> Pair:
    """Ten classes from the record before, and begun anew."""
    network = _network(device)
    loader = DataLoader(PictureBook(200, size=PIXELS), batch_size=50)
    names = [f"class:{number}" for number in range(10)]
    (before,) = sweep(network, loader, [Prototypes(names, steps=5)], progress=False)

    def warm() -> object:
        study = Prototypes(names, warm_steps=WARM)
        return sweep(network, loader, [study], epoch=1, previous={study.name: before}, progress=False)

    return warm, lambda: sweep(network, loader, [Prototypes(names, steps=2 * WARM)], progress=False)


def _network(device: torch.device) -> nn.Module:
    torch.manual_seed(0)
    network = timm.create_model("test_resnet", num_classes=CLASSES, output_stride=8)
    sparsify(network, 4, example=torch.zeros(1, 3, PIXELS, PIXELS))
    return network.to(device).eval()


def _canvas(device: torch.device) -> Canvas:
    shape = (3, PIXELS, PIXELS)
    return RECIPE.parametrisation.canvas(shape, Statistics.plain(*shape), device)


def _at_once(network: nn.Module, canvas: Canvas, at_once: int) -> object:
    with Live(network) as live:
        return optimise(live, TARGETS, canvas, RECIPE, at_once=at_once)


def _plainly(network: nn.Module, canvas: Canvas) -> object:
    weights = list(network.parameters())
    for weight in weights:
        weight.requires_grad_(False)
    images = [_one_plainly(network, canvas, *one) for one in zip(TARGETS, image_ids(TARGETS)[:, None], strict=True)]
    for weight in weights:
        weight.requires_grad_()
    return images


def _one_plainly(network: nn.Module, canvas: Canvas, target: Target, ids: torch.Tensor) -> torch.Tensor:
    ids = ids.to(canvas.colours.mean.device)
    parameters = canvas.start(Chance(0, ids, 0)).requires_grad_()
    adam = torch.optim.Adam([parameters], lr=RECIPE.rate or 0.05)
    for step in range(1, STEPS + 1):
        image = canvas.images(parameters)
        logits = network(seen_through(RECIPE.views, image, Chance(0, ids, step)))
        rough = image.diff(dim=2).abs().mean() + image.diff(dim=3).abs().mean()
        adam.zero_grad()
        (rough - logits[0, target.number]).backward()
        adam.step()
    return canvas.images(parameters).detach()


_MANY = f"prototypes, {len(TARGETS)} images at once, {STEPS} steps at {PIXELS} px"

COMPARISONS = [
    Comparison(_MANY, "a plain loop, one at a time", beside_a_plain_loop, 2),
    Comparison(_MANY, "the same, one at a time", beside_one_at_a_time, 2),
    Comparison(
        f"prototypes of every epoch, 10 classes at {PIXELS} px, {WARM} steps", f"anew, {2 * WARM} steps", every_epoch, 1
    ),
]
