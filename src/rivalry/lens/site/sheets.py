"""From what a page shows to the files that show it: HTML, and a chunk for each earlier epoch that the slider fetches.

A page is its last epoch, whole and readable without a script. The same body at an earlier epoch lies in a chunk
``data/ADDRESS/epoch=0003.js`` that calls ``lens.receive``: as a script it can be fetched from ``file://`` too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from math import isfinite
from typing import Any, Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined

from rivalry.lens.site import addresses
from rivalry.lens.site.charts import said, said_percent, short

File: TypeAlias = tuple[str, "str | bytes"]
"""An address within the site, and what lies there."""

POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Nothing from outside. ``file:`` because a page opened from a folder is of no origin: nothing is its own."""

SECTIONS = (
    ("Overview", addresses.OVERVIEW), ("Layers", addresses.LAYERS), ("Classes", addresses.CLASSES),
    ("Concepts", addresses.CONCEPTS), ("Probes", addresses.PROBES),
)  # fmt: skip
"""What every page leads to: title and address."""


@dataclass(frozen=True)
class Page:
    """What one page shows.

    Attributes:
        address: Within the site.
        title: Of the page; may hold outside words.
        template: Name of its template, which extends ``base.html`` and fills ``body``.
        trail: Pages above it, as (title, address).
    """

    address: str
    title: str
    template: str
    trail: tuple[tuple[str, str], ...] = ()

    def belongs(self, address: str) -> bool:
        """Whether this is the page of an address, or lies under it."""
        return address == self.address or any(above == address for _, above in self.trail)


@dataclass(frozen=True)
class Column:
    """One column of a long table.

    Attributes:
        name: In the table's head.
        type: ``number`` or ``text``: how it is sorted.
        digits: Behind the point of a number.
        percent: Whether a number is a share.
        href: Position of the column that holds the address its cells lead to, within the site; or none.
        hidden: Whether it is not shown, such as a column of addresses.
        head: Whether its cells head their rows.
    """

    name: str
    type: Literal["number", "text"] = "text"
    digits: int | None = None
    percent: bool = False
    href: int | None = None
    hidden: bool = False
    head: bool = False


def rows_file(address: str, columns: Sequence[Column], rows: Sequence[Sequence[str | float | bool | None]]) -> File:
    """The rows of a long table as a chunk, for ``<table class="sortable" data-rows="ADDRESS" data-count="…">``.

    Args:
        address: Of the chunk, under ``data/``.
        columns: Of the table, hidden ones as well.
        rows: Plain values by column; numbers that are not finite are shown as missing.
    """
    told = [asdict(one).items() for one in columns]
    shown = [{name: value for name, value in one if value is not None and value is not False} for one in told]
    plain = [[None if isinstance(value, float) and not isfinite(value) else value for value in row] for row in rows]
    return address, f"lens.rows({in_script(address)},{in_script(shown)},{in_script(plain)});\n"


def in_script(value: Any) -> str:
    r"""A plain value as a script may hold it, wherever that stands.

    >>> print(in_script("</script>"))
    "\u003c/script>"
    """
    plain = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def files_of(page: Page, shown: Mapping[int | None, Mapping[str, Any]], site: Mapping[str, Any]) -> Iterator[File]:
    """The files of a page.

    Args:
        page: The page.
        shown: What the template is given, by epoch; one of None where it has no epochs. The last epoch is the page.
        site: What every page knows: see :meth:`rivalry.lens.site.section.Site.told`.
    """
    epochs = sorted(epoch for epoch in shown if epoch is not None)
    last = epochs[-1] if epochs else None
    template = environment().get_template(page.template)
    for epoch in epochs[:-1]:
        context = template.new_context(_context(page, shown[epoch], site, epoch, epochs))
        body = "".join(template.blocks["body"](context))
        yield chunk_address(page.address, epoch), _received(page.address, epoch, body)
    yield page.address, template.render(_context(page, shown[last], site, last, epochs))


def chunk_address(address: str, epoch: int) -> str:
    """Where the body of a page at an earlier epoch lies."""
    return f"data/{address.removesuffix('.html')}/epoch={epoch:04d}.js"


def rows_address(address: str, epoch: int | None = None) -> str:
    """Where the rows of a page's long table lie."""
    return f"data/{address.removesuffix('.html')}/rows{'' if epoch is None else f'={epoch:04d}'}.js"


@cache
def environment() -> Environment:
    """The templates. Whatever a page is given is escaped."""
    made = Environment(
        loader=PackageLoader("rivalry.lens.site"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_unturned,
    )  # fmt: skip
    made.filters |= {"said": said, "said_percent": said_percent, "short": short}
    made.globals |= {"policy": POLICY, "OVERVIEW": addresses.OVERVIEW}
    made.globals |= {name: getattr(addresses, name) for name in dir(addresses) if name.endswith("_address")}
    made.globals["ui"] = made.get_template("macros/page.html").module  # a body alone runs no import above its block
    return made


def _context(
    page: Page, shown: Mapping[str, Any], site: Mapping[str, Any], epoch: int | None, epochs: list[int]
) -> dict[str, Any]:
    def link(address: str) -> str:
        return addresses.relative(address, page.address)

    sections = [*SECTIONS, ("Compare", addresses.COMPARISON)] if site["beside"] else SECTIONS
    return {
        **site, **shown, "page": page, "epoch": epoch, "epochs": epochs, "link": link, "sections": sections,
        "root": "../" * page.address.count("/"),
    }  # fmt: skip


def _unturned(value: Any) -> Any:
    r"""What a page shows without marks that turn the direction of writing, which would turn a sentence around a name.

    >>> _unturned("gnp\u202eexe"), _unturned(3)
    ('gnpexe', 3)
    """
    return value if not isinstance(value, str) or value.isascii() else value.translate(_TURNING)


_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def _received(address: str, epoch: int, body: str) -> str:
    return f"lens.receive({in_script(address)},{epoch},{in_script(body)});\n"
