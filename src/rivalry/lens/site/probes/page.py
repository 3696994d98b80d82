"""The page of a probe, at every epoch that it has a record of, and the list of all probes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
from PIL import Image

from rivalry.lens.site.addresses import PROBES, probe_address, slug
from rivalry.lens.site.charts import Series, curves, said
from rivalry.lens.site.probes.blocks import Stat, first_rows, settings_of
from rivalry.lens.site.probes.kinds import shown_of
from rivalry.lens.site.section import Site
from rivalry.lens.site.sheets import File, Page, files_of
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.lens.site.verdicts import verdicts
from rivalry.records import Picture

_MOST_CURVES, _MOST_STATS = 12, 24
_WIDEST = 1400
_FLOORS = ("_floor", "_random", "_shuffled", "_null", "_slic", "_permuted")
_FIRST_CURVES = 6
_KEY_TABLES: Mapping[str, Sequence[str]] = {
    "clusters": ("scores", "depths"), "registers": ("layers", "units"), "watermark": ("reliance", "layers", "groups"),
    "basis": ("bases", "concepts"), "detectors": ("layers", "concepts"), "activity": ("layers",),
    "emergence": ("epochs", "concepts"), "prototypes": ("naturalness_layers",), "neurons": ("classes",),
    "concepts": ("extractions", "importances"), "profiles": (),
}  # fmt: skip


def probe_files(site: Site, name: str) -> Iterator[File]:
    """The page of a probe, and its pictures."""
    own: dict[int, Volume] = {volume.epoch: volume for volume in site.shelf.volumes if volume.name == name}
    last = own[max(own)]
    drawn, undrawn = None, ""
    try:
        drawn = _drawn(last)
    except Exception as error:  # as with jobs: whatever a stranger's record leads to, the page is worth having
        undrawn = f"{type(error).__name__}: {error}"
    told: dict[int | None, Mapping[str, Any]] = {}
    for epoch, volume in own.items():
        images = _images(volume)
        yield from ((image["address"], content) for image, content in images)
        told[epoch] = {
            **_told(site.shelf, volume, list(own.values())),
            "images": [drawn[0]] if drawn and volume is last else [image for image, _ in images],
            "undrawn": undrawn if volume is last else "",
        }
    if drawn:
        yield drawn[0]["address"], drawn[1]
    yield from files_of(Page(probe_address(name), name, "probe.html", (("Probes", PROBES),)), told, site.told())


def index_files(site: Site, names: Sequence[str]) -> Iterator[File]:
    """The list of all probes, with what each has found last."""
    listed = []
    for name in names:
        own = [volume for volume in site.shelf.volumes if volume.name == name]
        last = max(own, key=lambda volume: volume.epoch)
        listed.append({
            "name": name, "address": probe_address(name), "kind": last.kind or "an analysis of your own",
            "epochs": len({volume.epoch for volume in own}), "last": last.epoch,
            "said": [one.text for one in verdicts(last, site.shelf, named=False)][:2],
        })  # fmt: skip
    yield from files_of(Page(PROBES, "Probes", "probes.html"), {None: {"listed": listed}}, site.told())


def _told(shelf: Shelf, volume: Volume, history: Sequence[Volume]) -> Mapping[str, Any]:
    shown, drawn = shown_of(volume), _curves(volume, history)
    tables = _KEY_TABLES.get(volume.kind or "", tuple(volume.columns))
    numbers = [
        Stat(_words(name), said(value, 3)) for name in volume.scalars if (value := volume.scalar(name)) is not None
    ]
    return {
        "verdicts": verdicts(volume, shelf, named=False),
        "kind": volume.kind,
        "stats": shown.stats,
        "drawings": shown.drawings,
        "curves": drawn[:_FIRST_CURVES],
        "further_curves": drawn[_FIRST_CURVES:],
        "tables": [first_rows(volume, name) for name in tables if name in volume.columns],
        "numbers": numbers,
        "settings": settings_of(volume),
        "at": {"step": volume.step, "epoch": volume.epoch, "afterwards": volume.afterwards},
        "other_tables": [name for name in volume.columns if name not in tables],
    }


def _curves(volume: Volume, history: Sequence[Volume]) -> list[Any]:
    """A curve a family of scalars, such as ``miou`` with its floors, over the epochs; none of what never changed."""
    if len(history) < 2:
        return []
    names = [name for name in volume.scalars if not name.endswith(("_low", "_high"))]
    found = []
    for members in _families(names).values():
        series = [
            Series(_words(name), points, "floor" if name.endswith(_FLOORS) else "main",
                   *_reach(history, name, len(points)))
            for name in members[:6]
            if (points := [(float(one.epoch), value) for one in history if (value := one.scalar(name)) is not None])
        ]  # fmt: skip
        if any(_changes([value for _, value in one.points]) for one in series):
            marked = volume.epoch if volume is not history[-1] else None
            found.append(curves(series, title=_shared(members), marked=marked))
    return found[:_MOST_CURVES]


def _changes(values: Sequence[float]) -> bool:
    """Whether values change by more than rounding.

    >>> _changes([0.1928, 0.19281]), _changes([0.1928, 0.2]), _changes([0, 0])
    (False, True, False)
    """
    return max(values) - min(values) > 1e-3 * max(abs(value) for value in values)


def _reach(history: Sequence[Volume], name: str, points: int) -> tuple[Sequence[float], Sequence[float]]:
    """The ends of a scalar's intervals; nothing unless every point has both."""
    ends = [[value for one in history if (value := one.scalar(f"{name}_{end}")) is not None] for end in ("low", "high")]
    return (ends[0], ends[1]) if all(len(end) == points for end in ends) else ((), ())


def _families(names: Sequence[str]) -> dict[str, list[str]]:
    """Scalars by the name that they begin with, such as ``ari`` for ``ari_slic`` and ``ari_random``.

    >>> _families(["miou", "ari", "miou_slic", "s1_pca", "s1_random"])
    {'miou': ['miou', 'miou_slic'], 'ari': ['ari'], 's1': ['s1_pca', 's1_random']}
    """
    found: dict[str, list[str]] = {}
    for name in names:
        stem = name.split("_")[0]
        base = next((one for one in found if name.startswith(f"{one}_")), None)
        shared = sum(other.startswith(f"{stem}_") for other in names) > 1 and stem not in ("mean", "dead", "images")
        found.setdefault(base or (stem if shared and stem not in names else name), []).append(name)
    return found


def _shared(members: Sequence[str]) -> str:
    """What the names of a family begin with.

    >>> _shared(["attack_success", "attack_success_null"]), _shared(["s1_pca", "s1_random"])
    ('attack success', 's1')
    """
    parts = [name.split("_") for name in members]
    same = [own[0] for own in takewhile(lambda own: len(set(own)) == 1, zip(*parts, strict=False))]
    return " ".join(same) or _words(members[0])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _images(volume: Volume) -> list[tuple[Mapping[str, Any], bytes]]:
    """The record's own pictures, none larger than the page."""
    found = []
    for name, file in volume.images.items():
        with Image.open(volume.folder / file) as opened:
            picture = np.asarray(opened.convert("RGB"))
        place = f"media/probes/{slug(volume.name)}/{volume.epoch}{'-afterwards' if volume.afterwards else ''}-{name}"
        found.append(_image(picture, place, f"{_words(name)} of {volume.name}, epoch {volume.epoch}"))
    return found


def _drawn(volume: Volume) -> tuple[Mapping[str, Any], bytes] | None:
    """The house's own drawing of a record, where there is one."""
    from rivalry.lens.pictures import picture_of  # matplotlib: a second to import, and only this needs it

    picture = picture_of(volume.record())
    if picture is None:
        return None
    place = f"media/probes/{slug(volume.name)}/drawn-{volume.epoch}{'-afterwards' if volume.afterwards else ''}"
    return _image(picture, place, f"{volume.name} at a glance, epoch {volume.epoch}")


def _image(picture: Picture, place: str, words: str) -> tuple[Mapping[str, Any], bytes]:
    opened = Image.fromarray(picture)
    opened.thumbnail((_WIDEST, 8 * _WIDEST))
    file = io.BytesIO()
    opened.save(file, "WEBP", quality=85, method=4)
    shown = {"address": f"{place}.webp", "alt": words, "width": opened.width, "height": opened.height}
    return shown, file.getvalue()
