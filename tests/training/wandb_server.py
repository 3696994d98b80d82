"""A server that speaks as much of W&B's language as saving a workspace and sending an offline run take."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PROJECT = {"id": "p", "name": "rivalry", "entity": {"id": "e", "name": "me"}}


class Server(ThreadingHTTPServer):
    """Keeps what it is asked, and the history of one run.

    Attributes:
        views: Variables of every request to save a workspace.
        history: Events of the run, in the order in which it holds them.
        refuses: What it says in place of saving a workspace; nothing where it saves.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.views: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.refuses = ""

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What it says to a request in GraphQL."""
        variables = asked.get("variables") or {}
        if "upsertView" in asked["query"]:
            if self.refuses:
                return {"data": None, "errors": [{"message": self.refuses}]}
            self.views.append(variables)
            return {"data": {"upsertView": {"view": {"id": "v1", "name": variables["name"]}, "inserted": True}}}
        if "upsertBucket" in asked["query"]:
            return {"data": {"upsertBucket": {"bucket": self._run(variables["name"]), "inserted": not self.history}}}
        if asked.get("operationName") == "RunResumeStatus":
            run = self._run(variables["name"]) if self.history else None
            return {
                "data": {"model": {"id": "p", "name": "rivalry", "entity": {"id": "e", "name": "me"}, "bucket": run}}
            }
        if "createRunFiles" in asked["query"]:
            files = [{"name": name, "uploadUrl": self.address + "/file"} for name in variables["files"]]
            return {"data": {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": files}}}
        viewer = {"id": "x", "entity": "me", "username": "me", "flags": "{}", "teams": {"edges": []}}
        return {"data": {"viewer": viewer, "serverInfo": {"cliVersionInfo": {}, "features": []}}}

    def take(self, streamed: dict[str, Any]) -> None:
        """Write events where the sender says; what was there before is written over."""
        part = (streamed.get("files") or {}).get("wandb-history.jsonl")
        if part:
            events = [json.loads(line) for line in part["content"]]
            self.history[part["offset"] : part["offset"] + len(events)] = events

    def _run(self, name: str) -> dict[str, Any]:
        tail = json.dumps([json.dumps(event) for event in self.history[-1:]])
        return {
            "id": "r", "name": name, "displayName": name, "project": PROJECT, "config": "{}", "wandbConfig": '{"t": 1}',
            "summaryMetrics": "{}", "historyLineCount": len(self.history), "historyTail": tail,
            "logLineCount": 0, "eventsLineCount": 0, "eventsTail": "[]", "tags": [],
        }  # fmt: skip


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/graphql":
            self._say(self.server.answer(json.loads(body)))
        elif "file_stream" in self.path:
            self.server.take(json.loads(body))
            self._say({})
        else:  # the library's own metrics
            self._say({}, status=404)

    def do_PUT(self) -> None:
        self._body()
        self._say({})

    def do_GET(self) -> None:
        self._say({}, status=404)

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        return gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body

    def _say(self, answer: dict[str, Any], *, status: int = 200) -> None:
        text = json.dumps(answer).encode()
        with suppress(ConnectionError):  # whoever has asked has gone
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
