"""Pictures that a table names."""

from pathlib import Path

import pytest
from PIL import Image

from rivalry.data import ImageList
from rivalry.data.decoding import UnreadableError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Four pictures in shades 0, 10, 20, 30 in a folder beside the table."""
    (tmp_path / "pictures").mkdir()
    rows = [("dog", "train", 1), ("cat", "train", 0), ("cat", "val", 0), ("eel", "val", 3)]
    lines = ["file,name,split,number"]
    for shade, (name, split, number) in enumerate(rows):
        Image.new("RGB", (8, 6), (10 * shade, 0, 0)).save(tmp_path / "pictures" / f"{shade}.png")
        lines.append(f"{shade}.png,{name},{split},{number}")
    (tmp_path / "index.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "index.csv"


def pictures(table: Path, **options: object) -> ImageList:
    return ImageList(table, root=table.parent / "pictures", **{"label": "name", **options})  # type: ignore[arg-type]


def test_rows_are_samples_and_names_are_sorted_to_classes(table: Path) -> None:
    read = pictures(table)
    assert read.classes == ("cat", "dog", "eel")
    assert read.labels.tolist() == [1, 0, 0, 2]
    assert [read[i]["label"] for i in range(4)] == [1, 0, 0, 2]
    assert [int(read[i]["image"][0, 0, 0]) for i in range(4)] == [0, 10, 20, 30]
    assert read[3]["image"].shape == (3, 6, 8)
    assert [read[i]["index"] for i in range(4)] == [0, 1, 2, 3]


def test_integers_are_labels_as_they_are_and_a_column_may_name_them(table: Path) -> None:
    assert pictures(table, label="number").classes == ("0", "1", "2", "3")
    named = pictures(table, label="number", names="name")
    assert named.classes == ("cat", "dog", "2", "eel")
    assert named.labels.tolist() == [1, 0, 0, 3]


def test_a_split_has_its_rows_and_the_classes_of_the_table(table: Path) -> None:
    train, validation = (pictures(table, where={"split": split}) for split in ("train", "val"))
    assert (len(train), len(validation)) == (2, 2)
    assert train.classes == validation.classes == ("cat", "dog", "eel")
    assert [int(validation[i]["image"][0, 0, 0]) for i in range(2)] == [20, 30]


def test_paths_begin_at_the_table_and_tabs_may_part_columns(table: Path) -> None:
    tabs = table.with_suffix(".tsv")
    tabs.write_text("file\tlabel\npictures/3.png\ta, b\n")
    read = ImageList(tabs, size=4, transform=lambda image: image + 1)
    assert read.classes == ("a, b",)
    assert read[0]["image"][:, 0, 0].tolist() == [31, 1, 1]
    assert read[0]["image"].shape == (3, 4, 4)


def test_the_fingerprint_is_that_of_what_is_read(table: Path) -> None:
    first = pictures(table).fingerprint
    assert pictures(table).fingerprint == first
    others = [pictures(table, **options).fingerprint for options in ({"size": 4}, {"label": "number"})]
    (table.parent / "pictures/0.png").unlink()
    others.append(pictures(table).fingerprint)
    assert len({first, *others}) == 4


def test_what_is_wrong_is_named(table: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.csv is no file"):
        ImageList(tmp_path / "nowhere.csv")
    with pytest.raises(ValueError, match=r"no column 'nmae'; nearest: name"):
        pictures(table, label="nmae")
    with pytest.raises(ValueError, match=r"no row where \{'split': 'test'\}"):
        pictures(table, where={"split": "test"})
    with pytest.raises(ValueError, match=r"holds integers from 0; found 'dog'"):
        pictures(table, label="name", names="number")
    with pytest.raises(ValueError, match=r"calls class 0 both 'train' and 'val'"):
        pictures(table, label="number", names="split")
    (tmp_path / "bare.csv").write_text("file,label\n")
    with pytest.raises(ValueError, match="no row under its header"):
        ImageList(tmp_path / "bare.csv")
    (tmp_path / "gap.csv").write_text("file,label\na.png,cat\nb.png,\n")
    with pytest.raises(ValueError, match=r"picture 2 of .*gap\.csv lacks one of file, label"):
        ImageList(tmp_path / "gap.csv")


def test_a_missing_picture_is_named_when_it_is_read(table: Path) -> None:
    (table.parent / "pictures/2.png").unlink()
    read = pictures(table)
    assert read[3]["label"] == 2
    with pytest.raises(UnreadableError, match=r"2\.png is not there"):
        read[2]
    with pytest.raises(IndexError, match="pictures 0 to 3; asked for 4"):
        read[4]
