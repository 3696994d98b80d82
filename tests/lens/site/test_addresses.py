"""Addresses: safe as file names, stable, and never two of one."""

import re

import pytest

from rivalry.lens.site import addresses

HOSTILE = [
    "", ".", "..", "../../etc/passwd", "/", "\\", "C:\\x", "con", "aux.act", "index", "a" * 300, "<script>", "a b",
    "a-b", "_private", "a_b", "A", "a", "É", "é", "e\u0301", "日本", "\ud800", "\0", "%2e%2e", "nul",
    ".hidden", "end.", "x\n",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_slug_is_a_plain_file_name(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", addresses.slug(name))
    assert not addresses.slug(name).endswith(".")


def test_no_two_names_have_one_slug_even_where_case_does_not_count() -> None:
    names = [*HOSTILE, *(addresses.slug(name) for name in HOSTILE if addresses.slug(name) != name)]
    slugs = [addresses.slug(name).lower() for name in names]
    assert len(set(slugs)) == len(set(names))


def test_no_page_of_a_layer_lies_where_the_list_of_layers_does() -> None:
    assert addresses.layer_address("index") != addresses.LAYERS


@pytest.mark.parametrize("name", ["con", "aux.act", "nul", "com1"])
def test_names_that_some_systems_reserve_are_no_files(name: str) -> None:
    assert addresses.slug(name).split(".")[0] != name.split(".")[0]


def test_datasets_of_one_beginning_have_their_own_pictures() -> None:
    assert addresses.picture_address("picturebook-a", 3) != addresses.picture_address("picturebook-b", 3)
    assert addresses.picture_address("abc", 12345).endswith("/12/12345")


def test_links_lead_from_page_to_page() -> None:
    assert addresses.relative("index.html", page="index.html") == "index.html"
    assert addresses.relative("class/boat.html", page="class/car.html") == "boat.html"
    assert addresses.relative("assets/lens.css", page="unit/layer4/7.html") == "../../assets/lens.css"
