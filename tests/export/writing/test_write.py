"""A dissected checkpoint appears whole or not at all, and replaces nothing but its like."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rivalry.export.folder.sums import check_sums, write_sums
from rivalry.export.writing.contents import Contents, gather
from rivalry.export.writing.source import Source
from rivalry.export.writing.verification import verify
from rivalry.export.writing.write import check_place, write
from tests.export.writing.labelled import dissection
from tests.export.writing.sources import source_of


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    root = tmp_path_factory.mktemp("run")
    dissection(1, {"act1": "abc." * 8}).save(root / "records")
    return source_of(root)


@pytest.fixture(scope="module")
def contents(source: Source) -> Contents:
    return gather(source)


def written(contents: Contents, folder: Path) -> Path:
    write(contents, folder, finish=lambda draft: None)
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_same_contents_give_the_same_bytes(contents: Contents, tmp_path: Path) -> None:
    one, two = (files_in(written(contents, tmp_path / name)) for name in ("a", "b"))
    assert one == two
    assert len(one) == 8


def test_whoever_may_read_one_file_may_read_all(contents: Contents, tmp_path: Path) -> None:
    folder = written(contents, tmp_path / "out")
    assert len({file.stat().st_mode for file in folder.rglob("*") if file.is_file()}) == 1


def test_a_draft_lies_beside_its_place_whole_and_is_gone_afterwards(contents: Contents, tmp_path: Path) -> None:
    seen: list[Path] = []

    def finish(draft: Path) -> None:
        check_sums(draft)
        assert not (tmp_path / "out").exists()
        seen.append(draft)

    write(contents, tmp_path / "out", finish=finish)
    assert seen[0].is_relative_to(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("before", [True, False])
def test_what_fails_leaves_all_as_it_was(contents: Contents, tmp_path: Path, before: bool) -> None:
    if before:
        written(contents, tmp_path / "out")
    entries, files = sorted(tmp_path.iterdir()), files_in(tmp_path)

    def fail(_draft: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(contents, tmp_path / "out", finish=fail)
    assert sorted(tmp_path.iterdir()) == entries
    assert files_in(tmp_path) == files


def test_an_older_one_is_replaced_whole(contents: Contents, tmp_path: Path) -> None:
    folder = written(contents, tmp_path / "out")
    (folder / "old.png").touch()
    written(contents, folder)
    check_sums(folder)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_places_that_are_free_are_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "absent", "deep/absent"):
        check_place(tmp_path / name, overwrite=False)


def test_nothing_but_a_dissected_checkpoint_is_ever_replaced(contents: Contents, tmp_path: Path) -> None:
    folder = written(contents, tmp_path / "out")
    with pytest.raises(ValueError, match=r"there is a dissected checkpoint in .*out: --overwrite replaces it"):
        check_place(folder, overwrite=False)
    check_place(folder, overwrite=True)
    for name in ("notes.txt", ".git"):
        (folder / name).touch()
        with pytest.raises(ValueError, match=rf"out holds '{name}' beside a dissected checkpoint, and would lose it"):
            check_place(folder, overwrite=True)
        (folder / name).unlink()
    (tmp_path / "file").touch()
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "config.json").write_text('{"architecture": "resnet18"}')
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("3")
    for name, said in (("file", "is a file"), ("others", "no dissected checkpoint"), ("broken", "no dissected ch")):
        with pytest.raises(ValueError, match=said):
            check_place(tmp_path / name, overwrite=True)


def test_verification_finds_a_weight_that_was_written_wrongly(
    source: Source, contents: Contents, tmp_path: Path
) -> None:
    folder = written(contents, tmp_path / "out")
    assert verify(folder, contents, source) == 7
    weights = load_file(folder / "model.safetensors")
    weights["fc.bias"] = torch.nextafter(weights["fc.bias"] + 1, torch.tensor(9.0))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"'model\.safetensors' in .*out is not the file that was exported"):
        verify(folder, contents, source)
    write_sums(folder)
    with pytest.raises(ValueError, match=r"gives other logits than the run's: they differ by 1"):
        verify(folder, contents, source)


def test_tensors_that_share_memory_are_written_apart(tmp_path: Path) -> None:
    source = source_of(tmp_path / "run")
    network = source.target.classifier.network
    first, second = network.get_submodule("layer1.0.bn1"), network.get_submodule("layer1.0.bn2")
    second.weight = first.weight  # as CoaT's blocks share their convolutions
    contents = gather(source)
    folder = written(contents, tmp_path / "out")
    assert verify(folder, contents, source) == 7
    weights = load_file(folder / "model.safetensors")
    assert torch.equal(weights["layer1.0.bn1.weight"], weights["layer1.0.bn2.weight"])


def test_verification_finds_labels_that_are_others(source: Source, contents: Contents, tmp_path: Path) -> None:
    folder = written(contents, tmp_path / "out")
    other = Contents(**{**vars(contents), "neurons": contents.neurons.slice(1)})
    with pytest.raises(ValueError, match="the labels that were written are not those of the records"):
        verify(folder, other, source)
