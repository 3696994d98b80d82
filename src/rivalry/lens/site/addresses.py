"""Where pages lie: names that are stable, safe as file names, and never two of one."""

from __future__ import annotations

import hashlib
import posixpath
import re

OVERVIEW = "index.html"
LAYERS, CLASSES, CONCEPTS, PROBES = (f"{name}/index.html" for name in ("layers", "classes", "concepts", "probes"))
COMPARISON = "compare.html"
PROBLEMS = "problems.html"

_RESERVED = re.compile(r"(index|con|aux|nul|prn|com\d|lpt\d)(\.|$)")  # by us, and as files by some systems


def slug(name: str) -> str:
    """A name as part of an address: itself where it can be, else its letters and the beginning of its digest.

    >>> slug("layer4.0.act2"), slug("traffic light"), slug("Cafe")
    ('layer4.0.act2', 'traffic-light-95573a9672', 'Cafe-9054baad5d')
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9_.]{0,79}", name) and not name.endswith(".") and not _RESERVED.match(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-._")[:60] or "x"
    return f"{'x-' if _RESERVED.match(plain.lower()) else ''}{plain}-{_mark(name)}"


def layer_address(layer: str) -> str:
    """The page of a layer: its units as a table and a grid."""
    return f"layers/{slug(layer)}.html"


def unit_address(layer: str, unit: int) -> str:
    """The page of a unit, ``unit/LAYER/UNIT``."""
    return f"unit/{slug(layer)}/{unit}.html"


def class_address(name: str) -> str:
    """The page of a class."""
    return f"class/{slug(name)}.html"


def concept_address(name: str) -> str:
    """The page of a concept: all that bears this name."""
    return f"concept/{slug(name)}.html"


def probe_address(record: str) -> str:
    """The page of a probe, by the name of its record."""
    return f"probe/{slug(record)}.html"


def picture_address(dataset: str, index: int) -> str:
    """A picture of a probe set, a thousand a folder; without its ending, which its format tells."""
    return f"pictures/{_mark(dataset)}/{index // 1000}/{index}"


def relative(to: str, page: str) -> str:
    """How one address is reached from the page of another, also from the folder itself.

    >>> relative("class/boat.html", page="unit/layer4/7.html")
    '../../class/boat.html'
    """
    return posixpath.relpath(to, posixpath.dirname(page) or ".")


def _mark(name: str) -> str:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
