"""One rank that samples edges and tallies its share of some pictures: ``RANK WORLD STORE FOLDER``."""

from pathlib import Path

import torch

from rivalry.basis.detectors import EdgeSample, Tallies, WinTallies
from rivalry.basis.detectors.scores import chosen_thresholds, iou
from rivalry.basis.detectors.selectivity import auroc
from tests.basis.detectors.plain import CATEGORIES, drawn
from tests.distributed.ranks import be_a_rank


def tally_on_rank(rank: int, world: int, folder: Path) -> None:
    """Of 9 pictures, of which the second of two ranks has 4; and of one, of which it has none."""
    folder.mkdir(parents=True)
    for pictures in (9, 1):
        data = drawn(pictures=pictures)
        own = torch.arange(pictures)[rank::world]
        sample = EdgeSample(5, limit=60, zero=True)
        for part in own.split(2):
            sample.add(data.maps[part], (6, 8), part)
        edges = sample.compute()
        tallies, wins = Tallies(edges, CATEGORIES, planes=4), WinTallies(4, 2, CATEGORIES, planes=4)
        winners = (data.maps[:, :2] > 0).long()
        for part in own.split(2):
            tallies.update(data.maps[part], data.masks[part], data.first[part])
            wins.update(winners[part], data.masks[part], data.first[part])
        counts = tallies.compute()
        found = {
            **{"edges": edges, "shown": counts.shown, "labelled": counts.labelled, "images": counts.images},
            **{"positions": counts.positions, "below": counts.below, "pixels": counts.pixels},
            **{"iou": iou(counts, chosen_thresholds(counts)), "auroc": auroc(counts), "wins": wins.compute().iou()},
            **{"own": tallies.shown},
        }
        torch.save(found, folder / f"{pictures}.pt")


def _on_all(rank: int, world: int, folder: Path, _: list[str]) -> None:
    tally_on_rank(rank, world, folder)


if __name__ == "__main__":
    be_a_rank(_on_all)
