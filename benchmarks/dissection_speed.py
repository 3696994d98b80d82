"""How fast units are named, beside the plain loop over units, and how that grows.

The plain loop is soft-WPMI as it stands in the paper: the softmax of all images over all words at once, and for every
neuron a gather of its top images' rows, k logarithms for every word, and their sum. Both begin with the features of
images and words and end with labels, which must be the same.

The released code collects each neuron's sum in a list. There these small results come to lie between the large
intermediates, so that the heap of glibc grows by 8 MB a neuron (17 GB for 2,048), and time goes into fresh pages. Here
they are written into a matrix made before: the fairer reference.
"""

import math
from collections.abc import Callable

import torch
from side_by_side import Comparison, Work
from torch import Tensor
from torch.nn.functional import normalize

from rivalry.dissection.layer_stream import LayerStream
from rivalry.dissection.naming import best_by_top_images
from rivalry.recording.pooling import Pooled

WIDTH = 512


def plain_loop(top: Tensor, images: Tensor, words: Tensor) -> Tensor:
    """The word of each neuron by soft-WPMI, one neuron after the other."""
    chance, evidence = torch.softmax(10.0 * (images @ words.T), dim=1), words.new_empty(len(top), len(words))
    sure = 0.998 - torch.arange(top.shape[1], device=top.device)[:, None] / top.shape[1] * (0.998 - 0.97)
    for unit, rows in enumerate(top):
        evidence[unit] = torch.log(1 + sure * (chance[rows] - 1) + 1e-7).sum(0)
    return (evidence - (evidence.logsumexp(0) - math.log(len(top)))).argmax(1)


def tiles(top: Tensor, images: Tensor, words: Tensor) -> Tensor:
    """The same by ours."""
    return best_by_top_images("soft_wpmi", top, images, words).words[:, 0]


def layer(
    neurons: int, words: int, images: int, device: torch.device, top_k: int = 100
) -> tuple[Tensor, Tensor, Tensor]:
    """Top images of neurons that each like three words; features of images that each show one, and of words."""
    generator = torch.Generator().manual_seed(0)
    of_words = normalize(torch.randn(words, WIDTH, generator=generator), dim=1)
    shown = of_words[torch.randint(words, (images,), generator=generator)]
    of_images = normalize(shown + 0.05 * torch.randn(images, WIDTH, generator=generator), dim=1)
    liked = of_words[torch.randint(words, (neurons, 3), generator=generator)].sum(1)
    top = (liked @ of_images.T).topk(top_k, dim=1).indices
    return top.to(device), of_images.to(device), of_words.to(device)


def beside_the_loop(neurons: int, words: int, images: int) -> Callable[[torch.device], tuple[Work, Work]]:
    """Ours beside the plain loop, which refuses labels that differ."""

    def prepare(device: torch.device) -> tuple[Work, Work]:
        inputs = layer(neurons, words, images, device)
        expected = tiles(*inputs)

        def plain() -> None:
            if not torch.equal(plain_loop(*inputs), expected):
                raise RuntimeError("the labels differ")

        return lambda: tiles(*inputs), plain

    return prepare


def grown(**times: int) -> Callable[[torch.device], tuple[Work, Work]]:
    """A whole analysis of one layer beside a smaller one: images stream by, and units are named at the end."""
    least = {"neurons": 200, "words": 2_000, "images": 5_000}
    sizes = {name: times.get(name, 1) * size for name, size in least.items()}
    return lambda device: (analysis(device, **sizes), analysis(device, **least))


def analysis(device: torch.device, neurons: int, words: int, images: int, top_k: int = 20, batch: int = 250) -> Work:
    """Stream images by a layer and name its units. An image's features are one of a few, as if a cache held them."""
    generator = torch.Generator().manual_seed(0)
    of_words = normalize(torch.randn(words, WIDTH, generator=generator), dim=1).to(device)
    some = normalize(torch.randn(1_000, WIDTH, generator=generator), dim=1).to(device)
    values = torch.rand(batch, neurons, generator=generator).to(device)
    ones = torch.ones_like(values)

    def work() -> None:
        stream = LayerStream(neurons, top_k, images, concepts=0, keep_all=False, device=device)
        for first in range(0, images, batch):
            moved = (values + 0.618 * first) % 1
            stream.add(Pooled(moved, ones), torch.arange(first, first + batch, device=device), None)
        indices, places = torch.unique(stream.summarise().top.images, return_inverse=True)
        best_by_top_images("soft_wpmi", places, some[indices % len(some)], of_words)

    return work


COMPARISONS = [
    Comparison(
        "soft_wpmi, 2,048 neurons × 20,000 words × 10,000 images",
        "plain loop over neurons",
        beside_the_loop(2_048, 20_000, 10_000),
        rounds=2,
    ),
    *(
        Comparison(f"growth, dissection, {what} × 10", "200 neurons × 2,000 words × 5,000 images", grown(**{what: 10}))
        for what in ("images", "neurons", "words")
    ),
]
