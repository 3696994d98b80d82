"""Building: only what has changed, whatever befalls a job, and going on where a build was broken off."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rivalry.lens.site import assets, building, overview, working
from rivalry.lens.site.building import build, open_site
from rivalry.lens.site.manifest import FILE, Done, read_manifest, write_manifest
from rivalry.lens.site.section import Job, Site
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.records import Record
from tests.lens.site.small_runs import files_in, write_neurons, write_profiles, write_scalars


class Fake:
    """A section of three jobs, whose inputs and deeds tests choose."""

    def __init__(self) -> None:
        self.inputs = {"a": "1", "b": "1", "c": "1"}
        self.deed: Callable[[Job], None] = lambda job: None
        self.made: list[str] = []

    def plan(self, site: Site) -> list[Job]:
        return [Job("fake", (key,), value, f"page {key}", f"{key}.html") for key, value in self.inputs.items()]

    def make(self, site: Site, job: Job) -> Iterator[tuple[str, str]]:
        key = str(job.key[0])
        yield f"{key}/first.txt", job.inputs
        self.deed(job)
        self.made.append(key)
        yield f"{key}.html", f"{key} {job.inputs}"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    section = Fake()
    monkeypatch.setattr(building, "SECTIONS", {"fake": ""})
    for module in (building, working):
        monkeypatch.setattr(module, "section", lambda name: section)
    return section


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_neurons(tmp_path / "run", 1)
    return tmp_path / "run"


def test_a_second_build_makes_nothing(run: Path, fake: Fake) -> None:
    first = build(run, run / "lens")
    before = files_in(run / "lens")
    second = build(run, run / "lens")
    assert (first.made, first.kept, second.made, second.kept) == (3, 0, 0, 3)
    assert files_in(run / "lens") == before
    assert second.pages == first.pages == 4


def test_only_what_has_changed_is_made_again(run: Path, fake: Fake) -> None:
    build(run, run / "lens")
    fake.inputs["b"], fake.made = "2", []
    built = build(run, run / "lens")
    assert (built.made, built.kept, fake.made) == (1, 2, ["b"])
    assert (run / "lens" / "b.html").read_text() == "b 2"


def test_a_file_that_is_gone_is_made_again_and_one_that_none_makes_is_taken_away(run: Path, fake: Fake) -> None:
    build(run, run / "lens")
    (run / "lens" / "a.html").unlink()
    del fake.inputs["c"]
    fake.made = []
    build(run, run / "lens")
    assert fake.made == ["a"]
    assert sorted(files_in(run / "lens")) == ["a.html", "a/first.txt", "b.html", "b/first.txt", "problems.html"]
    assert not (run / "lens" / "c").exists()


def test_a_job_that_fails_leaves_a_page_that_says_so_and_is_tried_again(run: Path, fake: Fake) -> None:
    def fail(job: Job) -> None:
        if job.key == ("b",):
            raise RuntimeError("<script>no</script>")

    fake.deed = fail
    built = build(run, run / "lens")
    assert [(one.where, one.what) for one in built.problems] == [
        ("page b", "could not be drawn: RuntimeError: <script>no</script>")
    ]
    page = (run / "lens" / "b.html").read_text()
    assert "could not be drawn: RuntimeError: &lt;script&gt;no" in page
    assert "<script>no" not in page
    assert "&lt;script&gt;no" in (run / "lens" / "problems.html").read_text()
    assert (run / "lens" / "c.html").read_text() == "c 1"
    fake.deed, fake.made = lambda job: None, []
    assert build(run, run / "lens").problems == []
    assert fake.made == ["b"]
    assert "Nothing is missing" in (run / "lens" / "problems.html").read_text()


def test_of_pages_made_together_those_that_are_not_made_say_so(
    run: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(site: Site, job: Job) -> Iterator[tuple[str, str]]:
        yield "a.html", "made"
        raise RuntimeError("the second")

    job = Job("fake", (), "1", "a, b and c", "a.html", ("b.html", "c.html"))
    monkeypatch.setattr(fake, "plan", lambda site: [job])
    monkeypatch.setattr(fake, "make", make)
    for _ in range(2):
        assert len(build(run, run / "lens").problems) == 1
        pages = {name: (run / "lens" / f"{name}.html").read_text() for name in "abc"}
        assert pages["a"] == "made"
        assert "could not be drawn: RuntimeError: the second" in pages["b"]
        assert pages["b"].replace("b.html", "c.html") == pages["c"]


@pytest.mark.parametrize("address", ["../out.html", "/tmp/out.html", "a/../../out.html", "a\\out.html", ""])
def test_nothing_is_written_outside_of_the_site(
    run: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(fake, "make", lambda site, job: iter([(address, "out")]))
    problems = build(run, run / "lens").problems
    assert [one.what.endswith("is no address within the site") for one in problems] == [True] * 3
    assert not (run / "out.html").exists()


@pytest.mark.parametrize("name", ["units", "concepts", "classes"])
def test_a_job_knows_all_its_pages(run: Path, name: str) -> None:
    table = {"layer": ["layer4"], "class": ["boat"], "unexplained": [0.1]}
    of = {"layer": ["layer4"], "class": ["boat"], "concept": [0], "name": ["sail"], "importance": [1.0]}
    tables = {"classes": pa.table(table), "concepts": pa.table(of)}
    Record("concepts", 1, 1, {}, tables).save(run / "records")
    site = open_site(run, None)
    for job in (found := list(working.section(name).plan(site))):
        made = {address for address, _ in working.section(name).make(site, job) if address.endswith(".html")}
        assert made == {one for one in (job.address, *job.further) if one}
    assert sum(len(job.further) for job in found) == {"units": 2, "concepts": 2, "classes": 0}[name]


def test_a_section_that_cannot_plan_is_a_problem(run: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(site: Site) -> list[Job]:
        raise KeyError("layer")

    other = type("Other", (), {"plan": staticmethod(fail)})
    monkeypatch.setattr(building, "SECTIONS", {"fake": "", "other": "layers/index.html"})
    monkeypatch.setattr(building, "section", lambda name: fake if name == "fake" else other)
    for pages in (5, 5):
        built = build(run, run / "lens")
        assert [one.where for one in built.problems] == ["all of the section other"]
        assert "could not be planned: KeyError" in (run / "lens" / "layers" / "index.html").read_text()
        assert built.pages == pages
    assert fake.made == ["a", "b", "c"]
    monkeypatch.setattr(building, "SECTIONS", {"fake": ""})
    build(run, run / "lens")
    assert not (run / "lens" / "layers").exists()


def test_of_a_section_that_fails_while_it_plans_nothing_is_made(
    run: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(site: Site) -> Iterator[Job]:
        yield Job("fake", (), "", "never made", "a.html")
        raise KeyError("layer")

    monkeypatch.setattr(fake, "plan", some)
    built = build(run, run / "lens")
    assert (fake.made, built.made, [one.where for one in built.problems]) == ([], 0, ["all of the section fake"])


def test_a_page_that_a_section_leaves_when_it_can_plan_no_more_stays(
    run: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(site: Site) -> list[Job]:
        raise KeyError("layer")

    monkeypatch.setattr(building, "SECTIONS", {"fake": "a.html"})
    build(run, run / "lens")
    monkeypatch.setattr(fake, "plan", fail)
    build(run, run / "lens")
    assert "could not be planned" in (run / "lens" / "a.html").read_text()
    assert not (run / "lens" / "b.html").exists()


def test_a_build_that_is_broken_off_goes_on_where_it_was(run: Path, fake: Fake) -> None:
    def interrupt(job: Job) -> None:
        if job.key == ("b",):
            raise KeyboardInterrupt

    fake.deed = interrupt
    with pytest.raises(KeyboardInterrupt):
        build(run, run / "lens")
    fake.deed, fake.made = lambda job: None, []
    built = build(run, run / "lens")
    assert (fake.made, built.kept) == (["b", "c"], 1)


def test_a_build_broken_off_while_a_page_changed_makes_it_again_when_the_change_is_taken_back(
    run: Path, fake: Fake
) -> None:
    build(run, run / "lens")

    def interrupt(job: Job) -> None:
        raise KeyboardInterrupt

    fake.inputs["a"], fake.deed = "2", interrupt
    with pytest.raises(KeyboardInterrupt):
        build(run, run / "lens")
    fake.inputs["a"], fake.deed = "1", lambda job: None
    build(run, run / "lens")
    assert (run / "lens" / "a" / "first.txt").read_text() == "1"


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"x": 1}', '{"x": {"inputs": "1"}}', "\udcff"])
def test_a_broken_manifest_means_that_all_is_made(run: Path, fake: Fake, broken: str) -> None:
    build(run, run / "lens")
    (run / "lens" / FILE).write_bytes(broken.encode("utf-8", "surrogateescape"))
    assert build(run, run / "lens").made == 3


@pytest.mark.parametrize("file", ["../keep.txt", "/etc/passwd", "a/../../keep.txt", "..\\keep.txt", "c:keep.txt", ""])
def test_a_manifest_that_speaks_of_files_elsewhere_is_not_believed(run: Path, fake: Fake, file: str) -> None:
    (run / "keep.txt").write_text("mine")
    (run / "lens").mkdir()
    write_manifest(run / "lens", {"x": Done("1", [file])})
    assert read_manifest(run / "lens") == {}
    build(run, run / "lens")
    assert (run / "keep.txt").read_text() == "mine"


def test_files_that_no_build_has_left_are_let_alone(run: Path, fake: Fake) -> None:
    with pytest.raises(ValueError, match="holds files that are no site of Rivalry; name an empty folder, such as"):
        build(run, run)
    (run / "file").write_text("")
    with pytest.raises(ValueError, match="is a file; wanted a folder"):
        build(run, run / "file")
    (run / "empty").mkdir()
    assert build(run, run / "empty").made == 3


def test_another_name_beside_makes_every_page_again(run: Path, fake: Fake, tmp_path: Path) -> None:
    write_neurons(tmp_path / "twin", 1)
    build(run, run / "lens")
    assert build(run, run / "lens", beside=tmp_path / "twin").made == 3
    assert build(run, run / "lens", beside=tmp_path / "twin").made == 0


def test_progress_is_told(run: Path, fake: Fake) -> None:
    told: list[tuple[int, int, str]] = []
    build(run, run / "lens", progress=lambda *said: told.append(said))
    assert told == [(1, 3, "page a"), (2, 3, "page b"), (3, 3, "page c")]


def test_words_that_are_no_text_are_written_all_the_same(run: Path, fake: Fake) -> None:
    fake.inputs["a"] = "\ud800"
    assert build(run, run / "lens").problems == []
    assert (run / "lens" / "a" / "first.txt").read_bytes() == b"?"


def test_two_builds_at_once_leave_each_file_whole(run: Path, fake: Fake) -> None:
    def build_again(job: Job) -> None:
        fake.deed = lambda job: None
        build(run, run / "lens")

    fake.deed = build_again
    built = build(run, run / "lens")
    assert built.problems == []
    assert (run / "lens" / "a.html").read_text() == "a 1"
    assert not [file for file in (run / "lens").rglob(".*") if file.name != FILE]


def test_several_processes_make_what_one_makes(run: Path, tmp_path: Path, quick: None) -> None:
    one = build(run, tmp_path / "one")
    several = build(run, tmp_path / "several", workers=2)
    assert files_in(tmp_path / "several") == files_in(tmp_path / "one")
    assert (several.made, several.pages) == (one.made, one.pages)


def test_a_new_epoch_leaves_what_does_not_speak_of_it(run: Path, tmp_path: Path) -> None:
    write_profiles(run, 1, {1: b"\x89PNG\r\n\x1a\n"})
    write_scalars(run, 1, "mine", {"x": 1.0})
    out = tmp_path / "site"
    whole = build(run, out).made
    assert build(run, out).made == 0
    written = (out / "assets/lens.css").stat().st_mtime_ns
    write_scalars(run, 2, "mine", {"x": 2.0})
    after = build(run, out)
    assert 0 < after.made < whole
    assert after.kept == whole - after.made
    assert (out / "assets/lens.css").stat().st_mtime_ns == written


class Deadly(Volume):
    """A record that ends the process which reads a table of it."""

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        os._exit(1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that are started take this one's arguments: as the command they import no torch."""
    monkeypatch.setattr(sys, "argv", ["rivalry"])


class Slow(Volume):
    """A record that takes long to read, and says that somebody reads it."""

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        (self.folder / f"{os.getpid()}.reads").touch()
        time.sleep(60)
        return super().table(name, columns)


BROKEN_OFF = """
import signal, sys
from pathlib import Path
sys.argv = ["rivalry"]
signal.signal(signal.SIGINT, signal.default_int_handler)
from dataclasses import fields
from rivalry.lens.site import assets, overview, working
from rivalry.lens.site.building import open_site
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Shelf, Volume
from tests.lens.site.test_building import Slow
run = Path({run!r})
volume = open_site(run, None).shelf.volumes[0]
site = Site(Shelf(run, [Slow(**{{field.name: getattr(volume, field.name) for field in fields(Volume)}})]))
if __name__ == "__main__":
    list(working.run_jobs(site, [*overview.plan(site), *assets.plan(site)], run / "out", 2))
"""


def test_processes_end_with_the_command_however_it_ends(run: Path) -> None:
    command = subprocess.Popen([sys.executable, "-c", BROKEN_OFF.format(run=str(run))])
    try:
        [reading] = _awaited(lambda: list(run.glob("records/*/*/*.reads")))
    finally:
        command.kill()
        command.wait()
    _awaited(lambda: not _runs(int(reading.stem)))


def _awaited(known: Callable[[], Any]) -> Any:
    """What is known, as soon as it is."""
    for _ in range(300):
        if found := known():
            return found
        time.sleep(0.1)
    raise AssertionError("half a minute was not enough")


def _runs(process: int) -> bool:
    """Whether a process is at work; one that has ended may wait for its new parent to hear of it."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_a_process_that_dies_takes_no_other_job_with_it(run: Path, tmp_path: Path, quick: None) -> None:
    site = open_site(run, None)
    known: dict[str, Any] = {field.name: getattr(site.shelf.volumes[0], field.name) for field in fields(Volume)}
    deadly = Site(Shelf(run, [Deadly(**known)]))
    jobs = [*overview.plan(deadly), *assets.plan(deadly)]
    outcomes = {one.job.section: one for one in working.run_jobs(deadly, jobs, tmp_path / "out", 2)}
    assert outcomes["assets"].problem is None
    assert outcomes["overview"].problem is not None
    assert "its process died" in outcomes["overview"].problem.what
    assert "its process died" in (tmp_path / "out" / "index.html").read_text()
    assert (tmp_path / "out" / "assets" / "lens.js").is_file()
