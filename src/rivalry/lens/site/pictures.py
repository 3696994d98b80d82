"""Pictures of the probe set, small, as the ``profiles`` records hold them: written once, shown by many pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rivalry.lens.site.addresses import picture_address
from rivalry.lens.site.columns import BYTES, WHOLE, Kept, kept, tidy
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File
from rivalry.lens.site.shelf import Shelf, Volume

_A_JOB = 2000
_HEAD = 12  # bytes that tell a format


def plan(site: Site) -> list[Job]:
    """One job for some thousand pictures of a record, but none for pictures that an earlier record holds too."""
    return [
        Job(
            "pictures", (volume.name, volume.epoch, str(volume.afterwards), part),
            digest_of(_until(site.shelf, volume)), f"pictures of {volume.name}, epoch {volume.epoch}", "",
        )
        for volume in _with_pictures(site.shelf)
        for part in range(-(-len(_own(site.shelf, volume)) // _A_JOB))
    ]  # fmt: skip


def make(site: Site, job: Job) -> Iterator[File]:
    """The files of some pictures, as they are in the record."""
    volume = next(
        one for one in _with_pictures(site.shelf) if (one.name, one.epoch, str(one.afterwards)) == job.key[:3]
    )
    begin = int(job.key[3]) * _A_JOB
    own = _own(site.shelf, volume)
    wanted = set(islice(own, begin, begin + _A_JOB))
    for batch in _batches(volume):
        for at, index in enumerate(batch["index"].to_pylist()):
            picture = batch["thumbnail"][at].as_py() if index in wanted else None
            if picture is not None and ending(picture) is not None:
                yield f"{picture_address(_dataset(volume), index)}{own[index]}", picture


def picture_file(volume: Volume, index: int) -> str | None:
    """The address of a picture of the probe set, None where the record does not hold it.

    Args:
        volume: Of the kind ``profiles``.
        index: Of the picture.
    """
    if not volume.has("pictures", "index", "thumbnail"):
        return None
    kind = _endings(kept(volume)).get(index)
    return None if kind is None else f"{picture_address(_dataset(volume), index)}{kind}"


def ending(picture: bytes) -> str | None:
    r"""What the file of a picture ends in, by its first bytes; None for what is no WebP, PNG or JPEG.

    >>> ending(b"\x89PNG\r\n\x1a\n"), ending(b"<svg onload=alert(1)>")
    ('.png', None)
    """
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return ".webp"
    if picture[:8] == b"\x89PNG\r\n\x1a\n":
        return ".png"
    return ".jpg" if picture[:3] == b"\xff\xd8\xff" else None


def _with_pictures(shelf: Shelf) -> list[Volume]:
    return [one for one in shelf.of("profiles") if one.has("pictures", "index", "thumbnail")]


def _until(shelf: Shelf, volume: Volume) -> list[Volume]:
    """The records of the same pictures before this one, and itself."""
    of_these = [one for one in _with_pictures(shelf) if _dataset(one) == _dataset(volume)]
    return of_these[: of_these.index(volume) + 1]


def _own(shelf: Shelf, volume: Volume) -> Mapping[int, str]:
    """Pictures that no record before this one holds, with their endings."""
    return _own_of(tuple(kept(one) for one in _until(shelf, volume)))


@lru_cache(maxsize=64)
def _own_of(volumes: tuple[Kept, ...]) -> Mapping[int, str]:
    before = [_endings(one) for one in volumes[:-1]]
    return {
        index: kind
        for index, kind in _endings(volumes[-1]).items()
        if not any(one.get(index) == kind for one in before)
    }


@lru_cache(maxsize=64)
def _endings(volume: Kept) -> Mapping[int, str]:
    """Of every picture of a record: what its file ends in. Others are left out."""
    found: dict[int, str] = {}
    for batch in _batches(volume.volume):
        heads = pc.binary_slice(batch["thumbnail"], 0, _HEAD)
        for index, head in zip(batch["index"].to_pylist(), heads.to_pylist(), strict=True):
            if index is not None and head is not None and (kind := ending(head)) is not None:
                found.setdefault(index, kind)
    return found


def _batches(volume: Volume) -> Iterator[pa.Table]:
    """Some pictures at a time; what is no number or no bytes is null."""
    wanted = {"index": WHOLE, "thumbnail": BYTES}
    with pq.ParquetFile(volume.folder / "pictures.parquet") as file:
        for batch in file.iter_batches(_A_JOB, columns=list(wanted)):
            given = pa.Table.from_batches([batch])
            yield pa.table({name: tidy(given, name, kind) for name, kind in wanted.items()})


def _dataset(volume: Volume) -> str:
    return str(volume.settings.get("dataset", ""))
