"""The figure of clusters is drawn from the record alone, and of nothing that is not one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.cluster_sheet import cluster_sheet
from rivalry.lens.pictures import picture_of
from rivalry.records import Record

RED = (250, 20, 30)


def clusters(*, judged: bool = True, height: int = 20, width: int = 30) -> Record:
    columns = ["picture", "all", "layer2", *(["truth"] if judged else [])]
    sheet = np.full((2 * (height + 4) - 4, len(columns) * (width + 4) - 4, 3), 255, dtype=np.uint8)
    sheet[height + 4 :, width + 4 : 2 * width + 4] = RED  # the clusters of the second picture
    layout = {"index": [3, 8], "columns": columns, "height": height, "width": width, "gap": 4}
    scores = {"miou": [0.5, 0.3, 0.1], "ari": [0.4, None, 0.0]}
    return Record(
        "clusters",
        1,
        20,
        scalars={"clusters": 5.0, "silhouette": 0.3} | ({"miou": 0.5} if judged else {}),
        tables={"scores": pa.table({"method": ["clusters", "slic", "random"], **scores})} if judged else {},
        images={"overlays": sheet},
        settings={"overlays": layout, "pictures": 12},
    )


@pytest.mark.parametrize("judged", [False, True])
def test_tiles_keep_their_place_and_shape(judged: bool) -> None:
    picture = picture_of(clusters(judged=judged))
    assert picture is not None
    assert picture.shape[1] == 1100
    rows, columns = np.nonzero((picture == RED).all(2))
    across, down = columns.max() - columns.min() + 1, rows.max() - rows.min() + 1
    assert across / down == pytest.approx(1.5, rel=0.03)
    assert len(rows) == pytest.approx(across * down, rel=0.05)


def test_bars_are_as_long_as_the_scores() -> None:
    short = clusters()
    long = replace(short, tables={"scores": short.tables["scores"].set_column(1, "miou", pa.array([1.0, 0.3, 0.1]))})
    blue = [int((cluster_sheet(record) == (0x4A, 0x6F, 0xA5)).all(2).sum()) for record in (short, long)]
    assert blue[0] > 0
    assert blue[1] > 1.3 * blue[0]


@pytest.mark.parametrize(
    "layout",
    [
        None,
        "rows",
        {"index": []},
        {"index": [1, 2, 3]},
        {"columns": ["picture"]},
        {"columns": [1, 2, 3, 4]},
        {"height": 21},
        {"width": "30"},
        {"gap": -1},
        {"height": 0},
    ],
)
def test_a_layout_that_does_not_fit_is_not_followed(layout: Any) -> None:
    record = clusters()
    if isinstance(layout, dict):
        layout = {**record.settings["overlays"], **layout}  # type: ignore[dict-item]
    assert picture_of(replace(record, settings={"overlays": layout})) is None


def test_records_that_lack_something_are_not_drawn() -> None:
    record = clusters()
    scores = record.tables["scores"]
    for table in (scores.slice(0, 2), scores.drop_columns(["miou"]), scores.append_column("miou", scores["miou"])):
        assert picture_of(replace(record, tables={"scores": table})) is None
    assert picture_of(replace(record, images={})) is None
    assert picture_of(replace(record, scalars={})) is None
    with pytest.raises(ValueError, match="'clusters' holds no overlays"):
        cluster_sheet(replace(record, images={}))
