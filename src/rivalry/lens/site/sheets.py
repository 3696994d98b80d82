"""From what a page shows to the files that show it: HTML, and a chunk for each earlier epoch that the slider fetches.

A page is its last epoch, whole and readable without a script. The same body at an earlier epoch lies in a chunk
``data/ADDRESS/epoch=0003.js`` that calls ``lens.receive``: as a script it can be fetched from ``file://`` too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined

from rivalry.lens.site import addresses

File: TypeAlias = tuple[str, "str | bytes"]
"""An address within the site, and what lies there."""


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


@cache
def environment() -> Environment:
    """The templates. Whatever a page is given is escaped."""
    made = Environment(
        loader=PackageLoader("rivalry.lens.site"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.globals |= {name: getattr(addresses, name) for name in dir(addresses) if name.endswith("_address")}
    return made


def _context(
    page: Page, shown: Mapping[str, Any], site: Mapping[str, Any], epoch: int | None, epochs: list[int]
) -> dict[str, Any]:
    def link(address: str) -> str:
        return addresses.relative(address, page.address)

    return {**site, **shown, "page": page, "epoch": epoch, "epochs": epochs, "link": link}


def _received(address: str, epoch: int, body: str) -> str:
    said = json.dumps(body).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"lens.receive({json.dumps(address)},{epoch},{said});\n"
