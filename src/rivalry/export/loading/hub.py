"""Dissected checkpoints on the hub of Hugging Face: sent and fetched as the folders that they are.

A folder is also a model of timm's: ``timm.create_model("hf-hub:USER/NAME", pretrained=True)`` works as for others.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

from huggingface_hub import HfApi, get_token, snapshot_download
from huggingface_hub.errors import HFValidationError, HTTPError  # type: ignore[attr-defined]
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from rivalry.cache import cache_folder, written_whole
from rivalry.export.folder.layout import NEEDED, NETWORK_FOR_ONNX, PICTURES, RECORDS
from rivalry.lens.words import printable

HUB = "hf-hub:"
"""Before ``USER/NAME``, as timm has it."""

_FILES = [*NEEDED, NETWORK_FOR_ONNX, f"{RECORDS}/*", f"{PICTURES}/*"]
_MESSAGE = "Upload a dissected checkpoint"


def fetch(name: str) -> Path:
    """Download a dissected checkpoint, unless this very commit lies in the cache.

    Args:
        name: ``hf-hub:USER/NAME``, perhaps with ``@REVISION``.

    Returns:
        Its folder in the cache; only files that a dissected checkpoint has were fetched.

    Raises:
        ValueError: If the hub has no such repository, or cannot be reached.
    """
    repository, _, revision = name.removeprefix(HUB).partition("@")
    try:
        commit = HfApi(library_name="rivalry").model_info(repository, revision=revision or None).sha
        folder = cache_folder("hub") / f"{repository.replace('/', '--')}--{commit}"
        if not folder.is_dir():
            with written_whole(folder) as draft:
                snapshot_download(
                    repository, revision=commit, allow_patterns=_FILES, local_dir=draft, library_name="rivalry"
                )
                shutil.rmtree(draft / ".cache")
    except (HTTPError, HFValidationError, OSError) as error:
        raise ValueError(f"{name} cannot be fetched: {_line(error)}") from error
    return folder


def check_push(repository: str) -> None:
    """Refuse to begin where nothing could be uploaded in the end.

    Raises:
        ValueError: If a repository cannot be called so, or nobody has logged in.
    """
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise ValueError(f"--push takes USER/NAME: {_line(error)}") from error
    if get_token() is None:
        raise ValueError(f"{repository} cannot be pushed to: nobody has logged in; `hf auth login` does")


def push(folder: Path, repository: str, *, private: bool = False) -> str:
    """Upload a dissected checkpoint as it is, with the token of ``hf auth login``.

    Args:
        folder: The folder, already checked.
        repository: ``USER/NAME``; made where there is none.
        private: Whether a new one is seen by its owner alone. What an earlier dissected checkpoint left in an old one
            is replaced; other files stay.

    Returns:
        Address of the commit.

    Raises:
        ValueError: If the hub refuses, or cannot be reached.
    """
    api = HfApi(library_name="rivalry")
    try:
        made = api.create_repo(repository, private=private, exist_ok=True)
        with warnings.catch_warnings():  # tables are not usual in a model's repository, and here they are meant
            warnings.filterwarnings("ignore", message="It seems that you are about to commit a data file")
            commit = api.upload_folder(
                repo_id=made.repo_id, folder_path=folder, commit_message=_MESSAGE, delete_patterns=_FILES
            )
    except (HTTPError, HFValidationError, OSError) as error:
        raise ValueError(f"{repository} cannot be pushed to: {_line(error)}") from error
    return printable(commit.commit_url)


def _line(error: Exception) -> str:
    """What the hub says in several lines, in one."""
    return printable(" ".join(str(error).split())[:300]) or type(error).__name__
