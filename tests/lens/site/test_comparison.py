"""Two runs side by side."""

from pathlib import Path

from rivalry.lens.site import comparison
from rivalry.lens.site.comparison import compared_concepts
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Shelf
from tests.lens.site.small_runs import write_scalars
from tests.lens.site.unit_runs import pages_of, site_of, write_names


def two(tmp_path: Path) -> Site:
    write_names(tmp_path / "one", 1, ["sky", "sky", "sea", "<b>"])
    write_names(tmp_path / "two", 1, ["sky", "oak", "oak", ""])
    (tmp_path / "one" / "metrics.csv").write_text("epoch,val/top1\n0,0.5\n1,0.75\n")
    (tmp_path / "two" / "metrics.csv").write_text("epoch,val/top1\n0,0.25\n1,0.5\n")
    return Site(Shelf.open(tmp_path / "one"), Shelf.open(tmp_path / "two"))


def test_concepts_come_and_go(tmp_path: Path) -> None:
    site = two(tmp_path)
    assert site.beside is not None
    assert compared_concepts(site.shelf, site.beside) == [("sky", 2, 1), ("oak", 0, 2), ("<b>", 1, 0), ("sea", 1, 0)]


def test_the_page_says_what_sets_them_apart(tmp_path: Path) -> None:
    page = pages_of(comparison, two(tmp_path))["compare.html"]
    assert "one is right on 75.0 % of the validation pictures, two on 50.0 %." in page
    assert "Concepts that name units of both: 1, only of one: 2, only of two: 1." in page
    assert "+25.0 points" in page
    assert '/b-84a5dbd8e4.html"><b>' not in page
    assert "&lt;b&gt;" in page
    assert "Only in two: 1" in page


def test_without_a_run_beside_there_is_no_page(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["a", "b", "c", "d"])
    assert pages_of(comparison, site_of(tmp_path)) == {}


def test_runs_with_nothing_in_common(tmp_path: Path) -> None:
    write_scalars(tmp_path / "one", 1, "own", {"number": 1.0})
    write_scalars(tmp_path / "two", 1, "other", {"number": 1.0})
    page = pages_of(comparison, Site(Shelf.open(tmp_path / "one"), Shelf.open(tmp_path / "two")))["compare.html"]
    assert "no number in common" in page
    assert "NeuronDissection" in page
