"""How much of what concepts add to a logit integrated gradients find, in networks whose units compete and in others.

    python docs/jumps.py RUN …

For each run (of PictureBook, with a layer ``layer3.0.act3``): ten concepts by NMF of the pictures of its commonest
prediction among 400; what all of them add to the logit; and the sum of their integrated gradients, with winners by
argmax and by expectation (``mean``).
"""

from __future__ import annotations

import argparse

import torch

from rivalry.concepts.answer import NetworkAnswer
from rivalry.concepts.extraction import NMF
from rivalry.concepts.importance import IntegratedGradients
from rivalry.data import PictureBook
from rivalry.lwta.layer import Mode, evaluating
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.rest import Rest
from rivalry.training.analyze import find_target

LAYER, PICTURES, CONCEPTS = "layer3.0.act3", 400, 10
MODES: tuple[Mode, ...] = ("argmax", "mean")


def added_and_found(run: str, mode: Mode) -> tuple[float, float]:
    """What all concepts add to the logit, mean over pictures, and what integrated gradients find of it."""
    classifier = find_target(run).classifier.eval()
    network, data = classifier.network, PictureBook(PICTURES, seed=1)
    pictures = torch.stack([data[place]["image"] for place in range(PICTURES)])
    with torch.no_grad(), evaluating(network, mode):
        predicted = torch.cat([classifier.logits_of(network, some) for some in torch.split(pictures, 50)]).argmax(1)
        class_ = int(predicted.bincount().argmax())
        images = pictures[predicted == class_]
        layers = LayerMaps.settled(network, [LAYER], {}, images[0])
        with Rest(network, LAYER, images, classifier.logits_of) as rest:
            size = images.shape[2], images.shape[3]
            rows = layers.of({LAYER: rest.outputs}, size)[LAYER].flatten(2).mT
            dictionary = NMF().fit(rows.flatten(0, 1), CONCEPTS)
            codes = dictionary.encode(rows.flatten(0, 1)).unflatten(0, rows.shape[:2])
            answer, image = NetworkAnswer(rest, layers, dictionary, class_), torch.arange(len(images))
            added = answer(codes, image) - answer(torch.zeros_like(codes), image)
            found = IntegratedGradients().of(answer, codes).sum(1)
    return float(added.mean()), float(found.mean())


def main() -> None:
    """Print a row for each run and mode."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run")
    for run in parser.parse_args().runs:
        for mode in MODES:
            added, found = added_and_found(run, mode)
            print(f"{run} {mode}: concepts add {added:.2f}, integrated gradients find {found:.2f}")


if __name__ == "__main__":
    main()
