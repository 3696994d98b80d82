"""A run and its folder."""

import os
from pathlib import Path

import pytest

from rivalry.training.run import open_run


def test_a_new_run_gets_its_folder(tmp_path: Path) -> None:
    folder = open_run(tmp_path / "runs", "first", resuming=False)
    assert folder.root.is_dir()
    assert folder.name == "first"
    assert list(folder.root.iterdir()) == []


def test_a_run_without_a_name_gets_one_from_its_file_and_the_time(tmp_path: Path) -> None:
    folder = open_run(tmp_path, None, resuming=False, default="quickstart")
    assert folder.name.startswith("quickstart-20")


def test_a_taken_name_is_refused_unless_the_run_goes_on(tmp_path: Path) -> None:
    open_run(tmp_path, "first", resuming=False).checkpoints.mkdir()
    with pytest.raises(ValueError, match=r"there is a run 'first'.*--ckpt_path=last.*first-2"):
        open_run(tmp_path, "first", resuming=False)
    assert open_run(tmp_path, "first", resuming=True).checkpoints.is_dir()


def test_a_start_that_failed_leaves_the_name_free(tmp_path: Path) -> None:
    open_run(tmp_path, "first", resuming=False).configuration.touch()
    assert open_run(tmp_path, "first", resuming=False).configuration.exists()


@pytest.mark.parametrize("name", ["../escape", "a/b", ".hidden", "with space", "ö", "x" * 121])
def test_a_name_that_is_no_file_name_is_refused_with_one_that_would_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be the name of a run's folder; '.+' would do") as caught:
        open_run(tmp_path, name, resuming=False)
    advice = str(caught.value).rsplit("; '", 1)[1].split("'")[0]
    assert open_run(tmp_path, advice, resuming=False).root.parent == tmp_path


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file stands here")
    with pytest.raises(ValueError, match=r"runs.*first cannot be written: "):
        open_run(tmp_path / "runs", "first", resuming=False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_protected_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ValueError, match="cannot be written: Permission denied"):
            open_run(tmp_path, "first", resuming=False)
    finally:
        tmp_path.chmod(0o700)


def test_ranks_without_a_name_share_the_first_one_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LOCAL_RANK", "RIVALRY_RUN_NAME"):
        monkeypatch.setenv(variable, "")  # so that both are put back as they were
        monkeypatch.delenv(variable)
    monkeypatch.setattr("time.strftime", lambda _: "noon")
    first = open_run(tmp_path, None, resuming=False, default="quickstart")
    monkeypatch.setenv("LOCAL_RANK", "1")  # as in a process that Lightning starts for another rank
    monkeypatch.setattr("time.strftime", lambda _: "a second later")
    assert open_run(tmp_path, None, resuming=False, default="quickstart") == first
    monkeypatch.delenv("RIVALRY_RUN_NAME")
    with pytest.raises(ValueError, match="give the run a --name"):
        open_run(tmp_path, None, resuming=False)
