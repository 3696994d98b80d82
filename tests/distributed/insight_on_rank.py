"""One rank that asks everything of prototypes, in a process of its own: ``RANK WORLD STORE FOLDER CONCEPTS``."""

from pathlib import Path

from rivalry.data.vocabulary import Vocabulary
from rivalry.data.watermark import Watermark
from rivalry.prototypes.insight import Insight
from rivalry.records import Record
from tests.distributed.ranks import be_a_rank
from tests.prototypes.insight.scene import Skies, known, made
from tests.prototypes.insight.test_names import CLIP


def insight_on_rank(folder: Path, concepts: str) -> None:
    """Leave what is found of seven pictures, of which two ranks have different shares, as a record."""
    insight = Insight(CLIP, Vocabulary(("night", "noon")), Watermark(size=0.8), concepts, pictures=5)
    found = insight.look(made(), known(Skies(7)))
    Record("insight", 0, 0, dict(found.scalars), dict(found.tables)).save(folder)


def _on_all(rank: int, world: int, folder: Path, arguments: list[str]) -> None:
    insight_on_rank(folder, arguments[0])


if __name__ == "__main__":
    be_a_rank(_on_all)
