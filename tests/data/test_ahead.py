"""One item is ahead, made by another thread, in order; what goes wrong there is told here."""

import threading
from collections.abc import Iterator

import pytest

from rivalry.data.ahead import ahead


def test_one_item_is_ahead_and_made_by_another_thread() -> None:
    made: list[tuple[int, str]] = []

    def items() -> Iterator[int]:
        for item in range(4):
            made.append((item, threading.current_thread().name))
            yield item

    with ahead(items()) as source:
        assert next(source) == 0
        assert next(source) == 1
    assert [item for item, _ in made] == [0, 1, 2]
    assert all(name.startswith("ahead") for _, name in made)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_what_the_thread_raises_is_raised_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("picture 2")

    with ahead(items()) as source:
        assert next(source) == 1
        with pytest.raises(KeyError, match="picture 2"):
            next(source)


def test_work_begins_here_so_that_processes_start_where_no_thread_runs() -> None:
    class Items:
        def __iter__(self) -> Iterator[int]:
            begun.append(threading.current_thread())
            threads.append(threading.active_count())
            return iter([1])

    begun: list[threading.Thread] = []
    threads: list[int] = []
    before = threading.active_count()
    with ahead(Items()) as source:
        assert list(source) == [1]
    assert begun == [threading.current_thread()]
    assert threads == [before]


def test_none_and_nothing_are_no_end() -> None:
    for items in ([None, False, 0], []):
        with ahead(items) as source:
            assert list(source) == items


def test_the_thread_is_gone_after_an_exception_here() -> None:
    with pytest.raises(ZeroDivisionError), ahead(range(9)) as source:
        list(map((1).__floordiv__, source))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
