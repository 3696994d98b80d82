r"""Draws ``docs/pictures/units_to_read.png``, and prints the table of ``docs/explaining.md``.

    python docs/units_to_read.py --of PictureBook runs/pb-u1-s* runs/pb-u4-s* \
        --of CIFAR-10 runs/resnet20_u2 cifar_resnet20:$RIVALRY_DATA/weights/cifar10_resnet20.safetensors

A network is a run's folder, or a name and its weights. It is shown test pictures of its run, or of the first run that
stands behind the same ``--of``; all networks there see the same ones. What units of the last activation contribute to
the logit of the class that a picture is taken for is told exactly, for a linear classifier reads their mean.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from rivalry.export.explaining.contributions import enters_linearly, unit_parts, units_to_cover
from rivalry.export.explaining.hearing import hear_picture
from rivalry.lens.cover_chart import Covered, cover_chart
from rivalry.lwta import competitions
from rivalry.lwta.activations import activation_names
from rivalry.numerics.bootstrap import Interval, bootstrap_means
from rivalry.numerics.sampling import draw
from rivalry.training.analyze import Target, find_target, read_study
from rivalry.training.evaluation import evaluation_copy

DRAWN = 10
"""Pictures in the figure: the first of those that are drawn by seed."""


@dataclass(frozen=True)
class Read:
    """What the units of a network's last activation contribute.

    Attributes:
        pictures: What was shown.
        network: Its kind.
        logit: Of each picture, what every unit adds to the logit of the class that it is taken for.
        lead: Of each picture, what every unit adds to the lead of that logit over the next.
        won: Of each picture, how many units won somewhere.
    """

    pictures: str
    network: str
    logit: list[list[float]]
    lead: list[list[float]]
    won: list[int]


def read(pictures: str, target: Target, study: Any, count: int) -> Read:
    """Show a network test pictures that are drawn by seed."""
    classifier = target.classifier.eval()
    network = evaluation_copy(
        classifier.network, study.data.calibration_batches(), classifier.normalise, keep=classifier.still
    ).eval()
    shown = study.data.test
    shown.prepare()
    found = Read(pictures, kind(network), [], [], [])
    for place in draw(len(shown), count, 0).tolist():
        inputs = classifier.normalise(shown[place]["image"][None])
        for ask, kept in ((predicted, found.logit), (ahead, found.lead)):
            contributions, won = contributed(network, inputs, ask)
            kept.append(contributions)
        found.won.append(won)
    return found


def contributed(network: nn.Module, inputs: Tensor, ask: Callable[[Tensor], Tensor]) -> tuple[list[float], int]:
    """What each unit of the last activation adds to what is asked for, and how many of them won somewhere."""
    layer = activation_names(network)[-1]
    heard = hear_picture(network, [layer], inputs, ask)
    if not enters_linearly(network, heard, heard.layers[layer], 1):
        raise ValueError(f"no linear classifier reads the mean of {layer}: contributions would be of first order only")
    parts = unit_parts(layer, heard.layers[layer], 1)
    return parts.contribution.tolist(), int(parts.won.sum())


def predicted(logits: Tensor) -> Tensor:
    """The largest logit."""
    return torch.nn.functional.one_hot(logits.argmax(), len(logits)).float()


def ahead(logits: Tensor) -> Tensor:
    """The largest logit less the second: what decides, whatever is added to all."""
    second = logits.topk(2).indices[1]
    return predicted(logits) - torch.nn.functional.one_hot(second, len(logits)).float()


def kind(network: nn.Module) -> str:
    """Whether units compete, and by how many."""
    counts = {layer.competitors for layer in competitions(network).values()}
    return f"LWTA, U = {min(counts)}" if counts else "ReLU"


def known(contributions: Sequence[float]) -> list[float]:
    """The share of the sum that is known after 0, 1, 2 … units."""
    values = np.asarray(contributions)
    running = np.cumsum(values[np.argsort(-np.abs(values), kind="stable")])
    return [0.0, *(running / running[-1]).tolist()]


def panels(found: Sequence[Read]) -> list[Covered]:
    """The first network of each kind, on the pictures of the figure."""
    first = {(one.pictures, one.network): one for one in reversed(found)}
    return [
        Covered(
            one.pictures,
            one.network,
            [known(of_picture) for of_picture in one.logit[:DRAWN]],
            [units_to_cover(of_picture) for of_picture in one.logit[:DRAWN]],
        )
        for one in found
        if first[one.pictures, one.network] is one
    ]


def table(found: Sequence[Read]) -> str:
    """A row a kind of network: units to read, of the first one on the ten pictures, of all on all, and for the lead."""
    columns = ("", "networks", "units", "ten pictures", "all pictures", "of the lead", "won somewhere")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    groups: dict[tuple[str, str], list[Read]] = {}
    for one in found:
        groups.setdefault((one.pictures, one.network), []).append(one)
    for (pictures, network), group in groups.items():
        logit, lead = (np.array([[units_to_cover(c) for c in getattr(one, name)] for one in group]) for name in _ASKED)
        ten = logit[0, :DRAWN]
        cells = (
            f"{len(group)}",
            f"{len(group[0].logit[0])}",
            f"{ten.mean():.1f} ({', '.join(map(str, ten))})",
            _span(logit),
            _span(lead),
            f"{mean(won for one in group for won in one.won):.0f}",
        )
        lines.append(f"| {pictures}, {network} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _span(counts: np.ndarray[Any, Any]) -> str:
    """The mean, with an interval over pictures, and where there are several networks the mean of each."""
    of_pictures: Interval = bootstrap_means({"units": torch.from_numpy(counts.mean(0))})["units"]
    each = f"; {', '.join(f'{value:.1f}' for value in counts.mean(1))}" if len(counts) > 1 else ""
    return f"{of_pictures.value:.1f} [{of_pictures.low:.1f}, {of_pictures.high:.1f}]{each}"


def targets(names: Sequence[str]) -> Iterator[tuple[Target, Any]]:
    """Networks with their pictures."""
    found = [find_target(name.partition(":")[0], weights=name.partition(":")[2] or None) for name in names]
    configurations = [one.configuration for one in found if one.configuration is not None]
    if not configurations:
        raise ValueError(f"none of {', '.join(names)} is a run, whose pictures could be shown")
    for one in found:
        file = one.configuration or configurations[0]
        yield one, read_study(file, run=file, analyses=False)


def main() -> None:
    """Show, draw, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--of", nargs="+", action="append", required=True, help="a name for the pictures, and networks")
    parser.add_argument("--images", type=int, default=200, help="pictures of the table")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures" / "units_to_read.png")
    given = parser.parse_args()
    found = [
        read(pictures, target, study, given.images) for pictures, *names in given.of for target, study in targets(names)
    ]
    Image.fromarray(cover_chart(panels(found))).quantize(128).save(given.out, optimize=True)
    print(table(found))


_ASKED = ("logit", "lead")


if __name__ == "__main__":
    main()
