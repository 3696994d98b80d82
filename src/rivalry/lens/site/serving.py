"""A look while training: the site on this machine's own address, built anew when records come.

Nobody else can reach it: it listens on 127.0.0.1, answers to no other name (or a page elsewhere could have a browser
ask in that page's name), and gives files of the site only.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rivalry.lens.site.addresses import OVERVIEW
from rivalry.lens.site.sheets import in_script
from rivalry.lens.site.shelf import ROOTS

ADDRESS = "127.0.0.1"
BUILT = "data/built.js"

_NAMES = (ADDRESS, "localhost")
_KINDS = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg",
}  # fmt: skip
_WAITING = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="4"><title>Waiting</title>'
    "<h1>No records yet</h1><p>This page shows the run when its first epoch is done.</p>"
)


@dataclass
class News:
    """What pages are told when they ask whether the site was built anew."""

    stamp: str = "0"
    said: str = ""


class SiteServer:
    """Serves a folder until it is closed; files may change meanwhile."""

    def __init__(self, out: Path, port: int) -> None:
        """Listen on a port; 0 takes a free one.

        Raises:
            ValueError: If the port is taken, naming one that is free.
        """
        self.news = News()
        handler = type("_Handler", (_Handler,), {"out": out.resolve(), "news": self.news})
        try:
            self._server = _Server((ADDRESS, port), handler)
        except OSError as error:
            raise ValueError(f"port {port} cannot be listened on ({error.strerror}); try --port {_free()}") from error
        except OverflowError as error:
            raise ValueError(f"a port is a number from 0 to 65535, got {port}; 8000 would do") from error
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://{ADDRESS}:{self._server.server_address[1]}/"

    def __enter__(self) -> SiteServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def watch(
    runs: Sequence[Path],
    rebuild: Callable[[], None],
    seen: str,
    *,
    every: float = 3.0,
    wait: Callable[[float], Any] = time.sleep,
) -> None:
    """Rebuild whenever the records of runs have changed, until ``wait`` raises.

    Args:
        runs: Their folders.
        rebuild: Is called for every change.
        seen: The state (see :func:`state_of`) before what was built last.
        every: Seconds between two looks.
        wait: Waits so many seconds.
    """
    while True:
        now = state_of(*runs)
        if now != seen:
            seen = now  # what changes while it is built is seen the next time
            rebuild()
        wait(every)


def state_of(*runs: Path) -> str:
    """Changes where a record or the metrics of any run do."""
    known = hashlib.blake2b(digest_size=12)
    for file in (file for run in runs for file in _told_by(run)):
        try:
            told = file.stat()
        except OSError:
            continue  # it is being replaced, or there is none
        known.update(os.fsencode(f"{file}|{told.st_size}|{told.st_mtime_ns}\n"))
    return known.hexdigest()


def _told_by(run: Path) -> list[Path]:
    """The files of a run that change when anything does that a page shows."""
    places = [run / root for root in ROOTS if (run / root).is_dir()] or [run]
    files = [file for place in places for file in sorted(place.glob("epoch=*/[!.]*/record.json"))]
    return [*files, run / "metrics.csv"]


def file_at(out: Path, path: str) -> Path | None:
    """The file that an address means: itself, a page without its ending, or the index of a folder; else None.

    Args:
        out: The site's folder, resolved.
        path: As it was asked for, percent signs and all, without a query.
    """
    plain = unquote(path)
    parts = [part for part in plain.split("/") if part]
    if "\0" in plain or any(part.startswith(".") or "\\" in part for part in parts):
        return None
    place = out.joinpath(*parts)
    pages = [] if plain.endswith("/") or not parts else [place, place.with_name(f"{place.name}.html")]
    for one in (*pages, place / OVERVIEW):
        try:
            found = one.resolve()
            if found.is_file() and out in found.parents:
                return found
        except OSError:  # a name too long
            return None
    return None


def _content(file: Path) -> bytes | None:
    """What is in a file; None where a build has just taken it away."""
    try:
        return file.read_bytes()
    except OSError:
        return None


class _Server(ThreadingHTTPServer):
    """Says nothing of browsers that hang up, as they do when the reader goes on."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of errors of our own."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers with files of the site."""

    out: Path
    news: News
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Give a file."""
        host, path = self.headers.get("Host", "").rpartition(":"), self.path.partition("?")[0]
        if (host[0] or host[2]) not in _NAMES:
            self._give(HTTPStatus.FORBIDDEN, b"This site answers to 127.0.0.1 and localhost.\n", "text/plain")
        elif path == f"/{BUILT}":
            told = f"lens.built({in_script(self.news.stamp)},{in_script(self.news.said)});\n"
            self._give(HTTPStatus.OK, told.encode(), _KINDS[".js"])
        elif path == "/" and not (self.out / OVERVIEW).is_file():
            self._give(HTTPStatus.OK, _WAITING.encode(), _KINDS[".html"])
        else:
            self._file(path)

    do_HEAD = do_GET

    def _file(self, path: str) -> None:
        file = file_at(self.out, path)
        content = None if file is None else _content(file)
        if file is None or content is None:
            self._give(HTTPStatus.NOT_FOUND, b"There is no such page.\n", "text/plain")
        elif file.name == OVERVIEW and not path.endswith(("/", OVERVIEW)):
            self._give(HTTPStatus.MOVED_PERMANENTLY, b"", "text/plain", Location="/" + path.strip("/") + "/")
        else:
            content += b"lens.watch();\n" if path == "/assets/lens.js" else b""
            self._give(HTTPStatus.OK, content, _KINDS.get(file.suffix, "application/octet-stream"))

    def _give(self, status: HTTPStatus, content: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        told = {
            "Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
        }  # fmt: skip
        for name, value in {**told, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *told: object) -> None:
        """Say nothing: what is asked for is nobody's business."""


def _free() -> int:
    with socket.socket() as one:
        one.bind((ADDRESS, 0))
        port: int = one.getsockname()[1]
        return port
