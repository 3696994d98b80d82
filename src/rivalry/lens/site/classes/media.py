"""The pictures of a record of concepts as files: small ones of whole pictures, shared by all epochs, and crops."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pyarrow.parquet as pq

from rivalry.lens.class_view import Row
from rivalry.lens.site.addresses import slug
from rivalry.lens.site.columns import Kept, kept
from rivalry.lens.site.pictures import ending
from rivalry.lens.site.section import Site
from rivalry.lens.site.sheets import File
from rivalry.lens.site.shelf import Volume

CROPS, EARLIER_CROPS = 10, 3
"""Crops of a concept that are kept of the last record, and of earlier ones."""

_A_BATCH = 1000


def picture_at(volume: Volume, index: int | None) -> str | None:
    """Where the small picture of an index lies; None where the record keeps none."""
    kind = _ending(kept(volume), "pictures", "thumbnail")
    if not isinstance(index, int) or kind is None:
        return None
    return f"media/classes/{_pictures(volume)}/{index // 1000}/{index}{kind}"


def crop_at(volume: Volume, layer: str, name: str, crop: Row) -> str | None:
    """Where a crop lies; None where the record keeps none."""
    kind = _ending(kept(volume), "crops", "picture")
    if kind is None or not all(isinstance(crop[one], int) for one in ("rank", "concept")):
        return None  # numbers alone: of words an address might lead anywhere
    place = f"{slug(volume.name)}{'-afterwards' if volume.afterwards else ''}/{volume.epoch}/{slug(layer)}"
    return f"media/crops/{place}/{slug(name)}/{crop['concept']}-{crop['rank']}{kind}"


def media_files(site: Site, name: str | int, epoch: str | int, afterwards: str | int) -> Iterator[File]:
    """The pictures of a record, and its crops: of the last record all that pages show, of earlier ones the first."""
    volume = next(
        one for one in site.shelf.of("concepts", str(name)) if one.epoch == epoch and one.afterwards == bool(afterwards)
    )
    seen = set()
    for row in _rows(volume, "pictures", ("index", "thumbnail")):
        place = picture_at(volume, row["index"])
        if place is not None and place not in seen and _shows(row["thumbnail"]):
            seen.add(place)
            yield place, row["thumbnail"]
    most = crops_of(site, volume)
    for row in _rows(volume, "crops", ("layer", "class", "concept", "rank", "picture")):
        if not (isinstance(row["layer"], str) and isinstance(row["class"], str) and _shows(row["picture"])):
            continue
        place = crop_at(volume, row["layer"], row["class"], row)
        if place is not None and row["rank"] < most:
            yield place, row["picture"]


def crops_of(site: Site, volume: Volume) -> int:
    """How many crops of a concept are kept of a record."""
    return CROPS if volume is site.shelf.last("concepts", volume.name) else EARLIER_CROPS


def _pictures(volume: Volume) -> str:
    dataset = volume.settings.get("dataset")
    return slug(dataset)[:12] if isinstance(dataset, str) and dataset else f"{slug(volume.name)}-{volume.epoch}"


def _shows(picture: object) -> bool:
    return isinstance(picture, bytes) and ending(picture) is not None


def _rows(volume: Volume, table: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """Rows of a table, a few at a time; none where a column is missing."""
    if volume.has(table, *columns):
        file = pq.ParquetFile(volume.folder / f"{table}.parquet")
        for batch in file.iter_batches(_A_BATCH, columns=list(columns)):
            yield from batch.to_pylist()


@lru_cache(maxsize=64)
def _ending(volume: Kept, table: str, column: str) -> str | None:
    """What the files of a table's pictures end in, by the first that is one."""
    for row in _rows(volume.volume, table, (column,)):
        if _shows(row[column]):
            return ending(row[column])
    return None
