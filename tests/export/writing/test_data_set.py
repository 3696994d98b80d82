"""What the pictures of a run are called."""

from __future__ import annotations

from typing import Any

import pytest

from rivalry.export.writing.data_set import validated_on


def reads(kind: str, **arguments: Any) -> dict[str, Any]:
    return {"class_path": f"rivalry.data.{kind}", "init_args": arguments}


@pytest.mark.parametrize(
    ("read", "called"),
    [
        (reads("PictureBook", length=10), "PictureBook"),
        (reads("TorchvisionSet", name="CIFAR10", root="/secret/folder"), "CIFAR10"),
        (
            reads("ImageParquet", path=["/secret/cifar10/test-0.parquet", "/secret/cifar10/test-1.parquet"]),
            "cifar10/test-0.parquet",
        ),
        (reads("ImageFolder", root="/data"), "data"),
        (reads("ImageFolder", root="/"), "ImageFolder"),
        (reads("Portion", whole=reads("Watermarked", whole=reads("ImageList", table="a/b/c.csv"))), "b/c.csv"),
        ({"class_path": "mine.Pictures"}, "Pictures"),
        ("no settings", "unknown"),
    ],
)
def test_pictures_have_a_name_that_gives_no_place_away(read: Any, called: str) -> None:
    assert validated_on({"data": {"validation": read}}) == called


def test_without_settings_nothing_is_known() -> None:
    assert validated_on(None) == "unknown"
