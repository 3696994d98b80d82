"""Files of features: what is written is found by any process, few files, and none ever lacks a row."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rivalry.clip import feature_files
from rivalry.clip.feature_files import KEY, FeatureFiles, Keys, read


def keys_of(*numbers: int) -> Keys:
    """Keys that end in zeros, begin with them, or hold them."""
    return np.array([number.to_bytes(2, "big") * 4 + bytes(8) for number in numbers], KEY)


def rows_of(*numbers: int) -> torch.Tensor:
    return torch.tensor(numbers)[:, None] + torch.tensor([0.0, 0.5])


def added(folder: Path, *numbers: int) -> FeatureFiles:
    files = FeatureFiles(folder)
    files.add(keys_of(*numbers), rows_of(*numbers))
    return files


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    mine, theirs = FeatureFiles(tmp_path), added(tmp_path, 5, 300)
    assert not mine.hold(keys_of(5)).any()
    mine.refresh()
    mine.add(keys_of(7), rows_of(7))
    wanted = (7, 300, 5, 7)
    assert mine.hold(keys_of(*wanted, 6)).tolist() == [True, True, True, True, False]
    assert torch.equal(mine.get(keys_of(*wanted)), rows_of(*wanted))
    assert not theirs.hold(keys_of(7)).any()
    assert {file.suffix for file in tmp_path.iterdir()} == {".safetensors"}


def test_no_key_is_the_lack_of_one(tmp_path: Path) -> None:
    """A picture of which no key is known is all zeros; a digest that ends in zeros is another."""
    files = added(tmp_path, 256)
    assert files.hold(np.zeros(2, KEY)).tolist() == [False, False]
    assert not files.hold(np.array([b"\1\0\1"], KEY)).any()
    assert files.hold(keys_of(256)).all()


def test_only_rows_asked_for_are_read(tmp_path: Path) -> None:
    files = added(tmp_path, *range(100))
    (file,) = tmp_path.iterdir()
    assert torch.equal(read(file, "features", rows=np.array([40, 3])), rows_of(40, 3))
    assert torch.equal(files.get(keys_of(99, 0)), rows_of(99, 0))


def test_features_that_are_gone_are_an_error(tmp_path: Path) -> None:
    files = added(tmp_path, 1)
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(ValueError, match=r"features of 1 pictures are not in .* was it deleted meanwhile"):
        files.get(keys_of(1))


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"broken.safetensors cannot be read .* delete the file"):
        FeatureFiles(tmp_path).refresh()


def test_a_file_that_goes_while_it_is_opened_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its head is read first, and then it is mapped: by then another process may have merged it."""
    added(tmp_path, 1)
    (file,) = tmp_path.iterdir()

    def too_late(name: Path, framework: str) -> object:
        Path(name).unlink()
        return torch.UntypedStorage.from_file(str(name), False, 8)

    monkeypatch.setattr(feature_files, "safe_open", too_late)
    with pytest.raises(FileNotFoundError, match="is gone"):
        read(file, "keys")


@pytest.fixture
def easily_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_files, "MANY_FILES", 3)
    monkeypatch.setattr(feature_files, "LARGE_FILE", 5)


@pytest.mark.usefixtures("easily_many")
def test_small_files_are_merged_and_nothing_is_lost(tmp_path: Path) -> None:
    for numbers in ((1, 2), (2, 3), (4,), tuple(range(10, 16))):
        files = added(tmp_path, *numbers)
    late = FeatureFiles(tmp_path)
    late.refresh()
    files.merge()
    assert sorted(len(read(file, "keys")) for file in tmp_path.iterdir()) == [4, 6]  # 2 came twice
    everything = (1, 2, 3, 4, *range(10, 16))
    for one in (files, late, FeatureFiles(tmp_path)):  # the second knows files that are gone
        one.refresh()
        assert torch.equal(one.get(keys_of(*everything)), rows_of(*everything))
    files.merge()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.usefixtures("easily_many")
def test_files_that_are_merged_while_they_are_looked_at_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others' merged file is not among those that were there when the look began."""
    for number in (1, 2, 3):
        files = added(tmp_path, number)
    looking = FeatureFiles(tmp_path)

    def after_the_others(file: Path, name: str) -> torch.Tensor:
        monkeypatch.setattr(feature_files, "read", read)
        files.merge()
        return read(file, name)

    monkeypatch.setattr(feature_files, "read", after_the_others)
    looking.refresh()
    assert torch.equal(looking.get(keys_of(1, 2, 3)), rows_of(1, 2, 3))


def test_a_folder_that_was_emptied_is_begun_anew(tmp_path: Path) -> None:
    files = added(tmp_path, 1, 2)
    for file in tmp_path.iterdir():
        file.unlink()
    files.refresh()
    assert not files.hold(keys_of(1, 2)).any()
    files.add(keys_of(2), rows_of(2))
    assert torch.equal(files.get(keys_of(2)), rows_of(2))


@pytest.mark.usefixtures("easily_many")
def test_what_is_merged_into_itself_stays(tmp_path: Path) -> None:
    """Of files whose rows are all in one of them, that one is the merged file."""
    for numbers in ((1, 2, 3), (1,), (2,)):
        files = added(tmp_path, *numbers)
    files.merge()
    assert len(list(tmp_path.iterdir())) == 1
    assert torch.equal(files.get(keys_of(3, 1)), rows_of(3, 1))


@pytest.mark.usefixtures("easily_many")
def test_two_that_merge_at_the_same_time_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        files = added(tmp_path, number)
    other, wanted = FeatureFiles(tmp_path), keys_of(1, 2, 3)
    unlink = Path.unlink

    def after_the_other(file: Path, missing_ok: bool = False) -> None:
        monkeypatch.setattr(Path, "unlink", unlink)
        other.merge()
        unlink(file, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", after_the_other)
    files.merge()
    for one in (files, other):
        assert torch.equal(one.get(wanted), rows_of(1, 2, 3))
