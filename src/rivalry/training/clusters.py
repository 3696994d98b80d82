"""``rivalry clusters``: show what an encoder sees in pictures, as colours laid over them.

Each picture is resized to what the network takes, its activations are clustered, and the clusters are laid over the
picture as it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jsonargparse import ArgumentError, ArgumentParser
from PIL import Image
from rich.console import Console

from rivalry.clusters import ActivationClusters
from rivalry.clusters.overlay import GAP, PALETTE, paint
from rivalry.clusters.score import to_pixels
from rivalry.clusters.tables import ALL, unpack_labels
from rivalry.data.decoding import open_image, to_tensor
from rivalry.help_text import command_parser
from rivalry.recording.mosaic import lay_out
from rivalry.recording.sweep import sweep
from rivalry.records import Picture, Record
from rivalry.training.analyze import Target, find_target
from rivalry.training.data import probe_loader
from rivalry.training.given_pictures import GivenPictures, own_size

EPILOGUE = """\
For every picture NAME there is NAME.png in the folder of --out: the picture, its clusters, and both. Colours mean the
same in all pictures with --joint, and in each picture something of its own without.

examples
  rivalry clusters cat.jpg dog.jpg --model resnet50 --weights pretrained
  rivalry clusters *.jpg --model runs/first --clusters auto --joint --out seen
  rivalry clusters street.png --model deit_tiny_patch16_224 --weights deit.safetensors --layers "blocks.[59]"
"""


def clusters_from_arguments(arguments: Sequence[str]) -> list[Path]:
    """Parse the command's arguments, cluster the pictures and write the overlays.

    Returns:
        The files that were written.

    Raises:
        ValueError: Where a picture, the network or a layer is not to be found.
    """
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    target = find_target(options.model, checkpoint="last", weights=options.weights, seed=options.seed)
    size = tuple(options.size) if options.size else own_size(target)
    pictures = GivenPictures([Path(path) for path in options.images], size)
    record = cluster(target, pictures, options)
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    names = _file_names(pictures.paths)
    labels = unpack_labels(record, ALL)
    console, written = Console(), []
    for index, name in enumerate(names):
        path = folder / f"{name}.png"
        Image.fromarray(overlay(pictures.paths[index], labels[index])).save(path)
        console.print(f"  {path}  {len(torch.unique(labels[index]))} clusters", soft_wrap=True, highlight=False)
        written.append(path)
    return written


def cluster(target: Target, pictures: GivenPictures, options: Any) -> Record:
    """Cluster all the pictures."""
    layers = options.layers or None
    analysis = ActivationClusters(
        layers, options.clusters, joint=options.joint, images=len(pictures), scale=options.scale, seed=options.seed
    )
    classifier = target.classifier.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    loader = probe_loader(pictures, options.batch_size)
    (record,) = sweep(classifier.network, loader, [analysis], forward=classifier.logits_of, seed=options.seed)
    return record


def overlay(path: Path, labels: torch.Tensor) -> Picture:
    """A picture as it was, its clusters, and both, beside each other."""
    image = to_tensor(open_image(path))
    views = to_pixels(labels[None], (image.shape[1], image.shape[2]))[0]
    plain: Picture = np.ascontiguousarray(image.movedim(0, 2).numpy())
    tiles = [plain, PALETTE[views.numpy() % len(PALETTE)], paint(image, views)]
    return lay_out([tiles], plain.shape[:2], columns=len(tiles), gap=3 * GAP)


def _file_names(paths: Sequence[Path]) -> list[str]:
    """The names of files without their ends; numbered where several have one name."""
    stems = [re.sub(r"[^\w.-]+", "_", path.stem) for path in paths]
    counts = {stem: stems.count(stem) for stem in stems}
    return [f"{stem}-{place}" if counts[stem] > 1 else stem for place, stem in enumerate(stems)]


def _parser() -> ArgumentParser:
    parser = command_parser("clusters", __doc__, EPILOGUE)
    parser.add_argument("images", type=str, nargs="+", metavar="IMAGE", help="Picture files.")
    model = "A run's folder, a checkpoint (.ckpt), or a network by its name, as model.backbone.name takes it."
    parser.add_argument("--model", type=str, required=True, help=model)
    parser.add_argument("--weights", type=str | None, default=None, help="Of a network: FILE, pretrained or none.")
    parser.add_argument("--clusters", type=int | str, default=5, help="K, or auto: of 2 to 8 by the silhouette.")
    parser.add_argument("--joint", action="store_true", help="Cluster all pictures together.")
    parser.add_argument("--layers", type=str, nargs="+", default=None, help="Dotted names or globs.")
    size = "Height and width that pictures are resized to; by default the network's own."
    parser.add_argument("--size", type=int, nargs=2, default=None, metavar=("HEIGHT", "WIDTH"), help=size)
    parser.add_argument("--scale", type=int, default=1, help="How much finer than the first layer's grid to cluster.")
    parser.add_argument("--seed", type=int, default=0, help="Of the clusters, and of random weights.")
    parser.add_argument("--batch_size", type=int, default=32, help="Pictures a step.")
    parser.add_argument("--out", type=str, default="clusters", help="Folder to write to.")
    return parser
