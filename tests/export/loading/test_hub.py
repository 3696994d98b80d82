"""The hub of Hugging Face, up to the requests: nothing leaves this process."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

import rivalry
from rivalry.export.folder.sums import files_of
from rivalry.export.loading.hub import check_push, fetch, push

httpx = pytest.importorskip(type(huggingface_hub.utils.get_session()).__module__.partition(".")[0])
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Answers as the hub does, for one repository."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        self.sent: dict[str, bytes] = {}

    def answer(self, request: Any) -> Any:
        place = request.url.path
        self.asked.append(f"{request.method} {place}")
        if place == "/api/validate-yaml":
            return httpx.Response(200, json={"warnings": [], "errors": []})
        if place == "/api/repos/create":
            return httpx.Response(200, json={"url": "https://huggingface.co/somebody/something"})
        if place.startswith("/api/models/somebody/something/preupload"):
            names = [one["path"] for one in json.loads(request.content)["files"]]
            upload = [{"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in names]
            return httpx.Response(200, json={"files": upload})
        if place == "/api/models/somebody/something/commit/main":
            return self._take(request)
        if place.startswith("/api/models/somebody/something/tree"):
            return httpx.Response(
                200, json=[{"type": "file", "path": name, "size": 1, "oid": ""} for name in self.files]
            )
        if place.startswith("/api/models/somebody/something"):
            siblings = [{"rfilename": name} for name in [*self.files, ".gitattributes", "evil.py"]]
            return httpx.Response(200, json={"id": "somebody/something", "sha": COMMIT, "siblings": siblings})
        if place.startswith(f"/somebody/something/resolve/{COMMIT}/"):
            return self._give(request, place.removeprefix(f"/somebody/something/resolve/{COMMIT}/"))
        return httpx.Response(404, headers={"X-Error-Code": "RepoNotFound"}, json={"error": "Repository not found"})

    def _give(self, request: Any, name: str) -> Any:
        content = self.files[name]
        headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
        headers["Content-Length"] = str(len(content))
        return httpx.Response(200, headers=headers, content=b"" if request.method == "HEAD" else content)

    def _take(self, request: Any) -> Any:
        for line in request.read().splitlines():
            told = json.loads(line)
            if told["key"] == "file":
                self.sent[told["value"]["path"]] = base64.b64decode(told["value"]["content"])
        made = {"commitUrl": f"https://huggingface.co/somebody/something/commit/{COMMIT}", "commitOid": COMMIT}
        return httpx.Response(200, json={**made, "success": True})


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Hub], Hub]]:
    """Let the client of the hub ask this one."""
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")

    def begin(hub: Hub) -> Hub:
        huggingface_hub.set_client_factory(lambda: httpx.Client(transport=httpx.MockTransport(hub.answer)))
        return hub

    yield begin
    huggingface_hub.set_client_factory(huggingface_hub.utils._http.default_client_factory)


def test_a_folder_is_sent_as_it_is(folder: Path, serve: Callable[[Hub], Hub]) -> None:
    hub = serve(Hub({}))
    address = push(folder, "somebody/something")
    assert address == f"https://huggingface.co/somebody/something/commit/{COMMIT}"
    assert "POST /api/repos/create" in hub.asked
    assert hub.sent == {name: (folder / name).read_bytes() for name in [*files_of(folder), "SHA256SUMS"]}


def test_what_was_sent_comes_back(folder: Path, serve: Callable[[Hub], Hub]) -> None:
    files = {name: (folder / name).read_bytes() for name in [*files_of(folder), "SHA256SUMS"]}
    hub = serve(Hub(files))
    checkpoint = rivalry.load("hf-hub:somebody/something")
    assert checkpoint.classes == rivalry.load(folder).classes
    assert sorted([*files_of(checkpoint.folder), "SHA256SUMS"]) == sorted(files)
    assert not any("evil" in one or "gitattributes" in one for one in hub.asked)
    hub.asked.clear()
    assert fetch("hf-hub:somebody/something") == checkpoint.folder
    assert [one for one in hub.asked if "resolve" in one] == []  # this commit is in the cache


def test_a_folder_of_the_hub_is_guarded_too(folder: Path, serve: Callable[[Hub], Hub]) -> None:
    files = {name: (folder / name).read_bytes() for name in [*files_of(folder), "SHA256SUMS"]}
    serve(Hub(files | {"provenance.json": b"{}"}))
    with pytest.raises(ValueError, match=r"'provenance\.json' in .* is not the file that was exported"):
        rivalry.load("hf-hub:somebody/something")


@pytest.mark.parametrize("name", ["hf-hub:nobody/nothing", "hf-hub:nobody/nothing@v2", "hf-hub:a/b/c", "hf-hub:"])
def test_what_is_not_there_is_refused_in_one_line(name: str, serve: Callable[[Hub], Hub]) -> None:
    serve(Hub({}))
    with pytest.raises(ValueError, match=rf"\A{name} cannot be fetched: .+\Z"):
        rivalry.load(name)


def test_a_hub_that_cannot_be_reached_is_said_in_one_line(folder: Path, serve: Callable[[Hub], Hub]) -> None:
    class Down(Hub):
        def answer(self, request: Any) -> Any:
            raise httpx.ConnectError("no network", request=request)

    serve(Down({}))
    with pytest.raises(ValueError, match=r"\Asomebody/something cannot be pushed to: .+\Z"):
        push(folder, "somebody/something")
    with pytest.raises(ValueError, match=r"\Ahf-hub:somebody/something cannot be fetched: .+\Z"):
        rivalry.load("hf-hub:somebody/something")


def test_what_cannot_be_uploaded_is_known_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
    check_push("somebody/something")
    with pytest.raises(ValueError, match=r"\A--push takes USER/NAME: .*'a/b/c'.*\Z"):
        check_push("a/b/c")
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    with pytest.raises(ValueError, match=r"nobody has logged in; `hf auth login` does"):
        check_push("somebody/something")
