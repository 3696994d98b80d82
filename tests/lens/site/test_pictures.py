"""Pictures of the probe set: each written once, whichever records hold it, and only what is a picture."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rivalry.lens.site import pictures
from rivalry.lens.site.building import open_site
from rivalry.lens.site.pictures import picture_file
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Volume
from tests.lens.site.small_runs import PNG, WEBP, write_profiles


def written(site: Site) -> list[tuple[str, bytes]]:
    """All files of all jobs."""
    return [file for job in pictures.plan(site) for file in pictures.make(site, job)]


def test_pictures_are_written_as_they_are(tmp_path: Path) -> None:
    volume = Volume.open(write_profiles(tmp_path, 1, {3: WEBP, 1234: PNG}))
    files = dict(written(open_site(tmp_path, None)))
    assert files == {picture_file(volume, 3): WEBP, picture_file(volume, 1234): PNG}
    assert [Path(address).suffix for address in files] == [".webp", ".png"]
    assert picture_file(volume, 4) is None


def test_a_picture_of_several_records_is_written_once(tmp_path: Path) -> None:
    write_profiles(tmp_path, 1, {1: WEBP, 2: WEBP})
    write_profiles(tmp_path, 2, {2: WEBP, 3: WEBP})
    site = open_site(tmp_path, None)
    assert sorted(Path(address).stem for address, _ in written(site)) == ["1", "2", "3"]
    assert len(pictures.plan(site)) == 2


def test_records_that_write_a_picture_in_other_ways_each_find_it(tmp_path: Path) -> None:
    volumes = [Volume.open(write_profiles(tmp_path, epoch, {1: kind})) for epoch, kind in ((1, WEBP), (2, PNG))]
    addresses = [address for address, _ in written(open_site(tmp_path, None))]
    assert [picture_file(volume, 1) for volume in volumes] == addresses


@pytest.mark.parametrize("bytes_", [b"", b"<svg onload=alert(1)>", b"GIF89a", b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_picture_is_not_written(tmp_path: Path, bytes_: bytes) -> None:
    volume = Volume.open(write_profiles(tmp_path, 1, {1: bytes_, 2: WEBP}))
    assert [Path(address).stem for address, _ in written(open_site(tmp_path, None))] == ["2"]
    assert picture_file(volume, 1) is None


@pytest.mark.parametrize(
    "column",
    [{"index": ["0", "../../x"]}, {"index": [0.5, 1.0]}, {"thumbnail": [1, 2]}, {"thumbnail": ["a", "b"]},
     {"index": pa.array([None, None], pa.int64())}],
)  # fmt: skip
def test_a_record_whose_pictures_are_none_takes_no_others_with_it(tmp_path: Path, column: dict[str, list[Any]]) -> None:
    folder = write_profiles(tmp_path, 1, {0: WEBP, 1: WEBP})
    given = pq.read_table(folder / "pictures.parquet")
    kept = {name: given[name] for name in given.column_names}
    pq.write_table(pa.table({**kept, **column}), folder / "pictures.parquet")
    write_profiles(tmp_path, 2, {1: WEBP})
    assert [Path(address).stem for address, _ in written(open_site(tmp_path, None))] == ["1"]
    assert picture_file(Volume.open(folder), 1) is None


def test_many_pictures_are_several_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_A_JOB", 3)
    write_profiles(tmp_path, 1, dict.fromkeys(range(8), WEBP))
    site = open_site(tmp_path, None)
    assert len(pictures.plan(site)) == 3
    assert sorted(int(Path(address).stem) for address, _ in written(site)) == list(range(8))


def test_a_record_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    write_profiles(tmp_path, 1, {1: WEBP})
    assert len(written(open_site(tmp_path, None))) == 1
    write_profiles(tmp_path, 1, {1: WEBP, 2: WEBP})
    assert len(written(open_site(tmp_path, None))) == 2
