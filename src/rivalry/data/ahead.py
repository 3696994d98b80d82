"""Work that is done ahead: while one batch is looked at, a thread reads and decodes the next.

Decoders, hashes and networks let go of Python's lock while they work, so the two really run at the same time.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

_Item = TypeVar("_Item")
_END: Any = object()


@contextmanager
def ahead(items: Iterable[_Item]) -> Iterator[Iterator[_Item]]:
    """Give items that a thread makes while the context is open; one item is ahead, never more.

    The thread alone makes items, one after the other. What it raises is raised in place of the item.

    >>> with ahead(range(3)) as numbers:
    ...     list(numbers)
    [0, 1, 2]
    """
    source = iter(items)  # here, for worker processes are better started where no thread runs yet
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as thread:
        yield _one_ahead(source, thread)


def _one_ahead(source: Iterator[_Item], thread: ThreadPoolExecutor) -> Iterator[_Item]:
    coming = thread.submit(next, source, _END)
    while (item := coming.result()) is not _END:
        coming = thread.submit(next, source, _END)
        yield item
