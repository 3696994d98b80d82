"""Search: what sections find worth finding, in chunks by the first two letters of a word.

Typing loads a chunk, never the whole. ``data/search/index.js`` says which there are, and which layers with how many
units: "layer4 17" needs no entry.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from rivalry.lens.site import working
from rivalry.lens.site.addresses import slug
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File, in_script

FINDING = ("concepts", "classes", "layers", "probes")
"""Sections with a function ``found(site)`` that gives entries."""

UNITS = 50
"""Of so many units of one label the heaviest are found by it; the concept's page has them all."""

_LONGEST = 120  # letters of a title or a note


@dataclass(frozen=True)
class Entry:
    """Something to find.

    Attributes:
        title: What is shown, and by whose words it is found: a label, a class, a layer.
        kind: What it is.
        note: Said below; not searched. Of a unit its layer and number, for these are found without an entry.
        address: Its page, within the site.
        weight: The larger, the further up among entries of its kind.
    """

    title: str
    kind: Literal["unit", "concept", "class", "layer", "probe"]
    note: str
    address: str
    weight: float = 0


def plan(site: Site) -> list[Job]:
    """One job, of all records."""
    return [Job("search", (), digest_of(site.shelf.volumes), "the search index", "data/search/index.js")]


def make(site: Site, job: Job) -> Iterator[File]:
    """The chunks, and the index of them.

    Raises:
        ValueError: Last of all, if a section could not tell what it holds; the others are found all the same.
    """
    errors: list[Exception] = []
    chunks = _chunks(chain.from_iterable(_found(name, site, errors) for name in FINDING))
    for key, entries in chunks.items():
        rows = [[_short(one.title), one.kind, _short(one.note), one.address, one.weight] for one in entries]
        yield f"data/search/{file_of(key)}.js", f"lens.words({in_script(key)},{in_script(rows)});\n"
    layers = [[name, slug(name), units] for name, units in working.section("layers").known_layers(site).items()]
    yield "data/search/index.js", f"lens.index({in_script({'keys': sorted(chunks), 'layers': layers})});\n"
    if errors:
        raise ValueError(f"not all can be searched: {errors[0]}") from errors[0]


def words_of(text: str) -> list[str]:
    """The words that a text is found by: letters and digits, small, without accents; as the page's script does it.

    >>> words_of("Café-au-lait 3.0")
    ['cafe', 'au', 'lait', '3', '0']
    """
    plain = unicodedata.normalize("NFKD", text).lower()
    kept = "".join(letter for letter in plain if not unicodedata.category(letter).startswith("M"))
    return re.findall(r"[^\W_]+", kept)


def file_of(key: str) -> str:
    """The name of a chunk: its key, or the numbers of its letters where they are not plain.

    >>> file_of("ca"), file_of("日本")
    ('ca', 'u65e5-672c')
    """
    return key if re.fullmatch("[a-z0-9]+", key) else "u" + "-".join(f"{ord(letter):x}" for letter in key)


def _found(name: str, site: Site, errors: list[Exception]) -> Iterator[Entry]:
    try:
        yield from working.section(name).found(site)
    except Exception as error:  # as with jobs: what the other sections hold is worth finding
        errors.append(error)


def _chunks(entries: Iterable[Entry]) -> Mapping[str, list[Entry]]:
    """Entries under the first two letters of each of their words, units only where they are among the heaviest."""
    units: dict[str, list[tuple[float, str, Entry]]] = defaultdict(list)
    chunks: dict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        if one.kind == "unit":
            keep = heapq.heappush if len(units[one.title]) < UNITS else heapq.heappushpop
            keep(units[one.title], (one.weight, one.address, one))
        else:
            _file(chunks, one)
    for kept in units.values():
        for _, _, one in sorted(kept, key=lambda item: (-item[0], item[1])):
            _file(chunks, one)
    return dict(sorted(chunks.items()))


def _file(chunks: dict[str, list[Entry]], entry: Entry) -> None:
    for key in {word[:2] for word in words_of(entry.title)}:
        chunks[key].append(entry)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
