"""Serving: files of the site and nothing else, to this machine and nobody else."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rivalry.lens.site import serving
from rivalry.lens.site.serving import SiteServer, file_at, state_of, watch
from tests.lens.site.small_runs import write_neurons


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A site, beside a file that is nobody's business."""
    (tmp_path / "secret.txt").write_text("secret")
    for address in ("index.html", "layers/index.html", "layers/layer4.0.act2.html", "unit/a/7.html", "assets/lens.js"):
        (tmp_path / "site" / address).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / address).write_text(address)
    (tmp_path / "site" / ".lens.json").write_text("{}")
    (tmp_path / "site" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "site"


@pytest.fixture
def server(out: Path) -> Iterator[SiteServer]:
    with SiteServer(out, 0) as served:
        yield served


def asked(
    server: SiteServer, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    address = server.url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=host is not None)
        if host is not None:
            connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "index.html"), ("/index.html", "index.html"), ("/index.html?x=1", "index.html"),
        ("/unit/a/7", "unit/a/7.html"), ("/unit/a/7.html", "unit/a/7.html"), ("/layers/", "layers/index.html"),
        ("/layers/layer4.0.act2", "layers/layer4.0.act2.html"),
        ("/layers/layer4%2e0.act2", "layers/layer4.0.act2.html"),
    ],
)  # fmt: skip
def test_addresses_mean_files(server: SiteServer, path: str, file: str) -> None:
    status, headers, body = asked(server, path)
    assert (status, body.decode()) == (200, file)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_folder_leads_to_its_page(server: SiteServer) -> None:
    status, headers, _ = asked(server, "/layers")
    assert (status, headers["location"]) == (301, "/layers/")
    assert asked(server, "//evil.example/layers")[0] in (301, 404)
    assert not asked(server, "//layers")[1].get("location", "/").startswith("//")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/layers/../../secret.txt", "/.lens.json", "/link.txt",
     "/%00", "/..%5csecret.txt", "/nothing", "/" + "a" * 3000, "/unit/a/8", "/index.html/x", "/index.html/",
     "/unit/a/7/", "//[bad"],
)  # fmt: skip
def test_nothing_else_is_given(server: SiteServer, path: str) -> None:
    status, _, body = asked(server, path)
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:1", 200), ("localhost", 200), ("localhost:8000", 200), ("evil.example", 403), ("evil.example:80", 403),
     ("", 403)],
)  # fmt: skip
def test_no_other_name_is_answered(server: SiteServer, host: str, status: int) -> None:
    assert asked(server, "/", host=host)[0] == status


def test_only_reading_is_possible(server: SiteServer) -> None:
    assert asked(server, "/", "POST")[0] == 501
    status, headers, body = asked(server, "/", "HEAD")
    assert (status, headers["content-length"], body) == (200, "10", b"")


def test_pages_are_told_when_the_site_was_built_anew(server: SiteServer, out: Path) -> None:
    assert asked(server, "/assets/lens.js")[2].endswith(b"lens.watch();\n")
    assert "watch" not in (out / "assets/lens.js").read_text()
    before = asked(server, "/data/built.js?1")[2]
    server.news.stamp, server.news.said = "</script>", "new"
    after = asked(server, "/data/built.js?2")[2]
    assert before != after
    assert b"</script>" not in after


def test_an_address_that_is_none_is_not_there(server: SiteServer, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(_place(server)) as one:
        one.sendall(b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert one.recv(100).startswith(b"HTTP/1.1 404")
    assert capfd.readouterr().err == ""


def _place(server: SiteServer) -> tuple[str, int]:
    host, _, port = server.url.removeprefix("http://").rstrip("/").partition(":")
    return host, int(port)


def test_browsers_that_hang_up_are_nothing_to_tell_of(
    server: SiteServer, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (out / "large.js").write_bytes(bytes(20_000_000))
    for _ in range(3):
        with socket.create_connection(_place(server)) as one:
            one.sendall(b"GET /large.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.recv(10)
    assert asked(server, "/")[0] == 200
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(10)
    assert capfd.readouterr().err == ""


def test_a_file_that_a_build_takes_away_meanwhile_is_not_there(
    server: SiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "file_at", lambda out, path: out / "gone.html")
    assert asked(server, "/gone.html")[0] == 404


def test_it_listens_to_this_machine_alone(server: SiteServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told_with_one_that_is_free(out: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ValueError, match=r"cannot be listened on .*; try --port \d+"):
            SiteServer(out, taken.getsockname()[1])
    with pytest.raises(ValueError, match="a port is a number from 0 to 65535, got 70000"):
        SiteServer(out, 70000)


def test_before_the_first_record_there_is_a_page_that_waits(tmp_path: Path) -> None:
    with SiteServer(tmp_path, 0) as server:
        assert b"No records yet" in asked(server, "/")[2]
        assert asked(server, "/layers/")[0] == 404


def test_a_file_is_found_within_the_site_only(out: Path) -> None:
    assert file_at(out.resolve(), "/unit/a/7") == (out / "unit/a/7.html").resolve()
    assert file_at(out.resolve(), "/link.txt") is None


def test_new_records_and_metrics_are_seen(tmp_path: Path) -> None:
    built: list[str] = []
    deeds = [
        lambda: None,
        lambda: write_neurons(tmp_path, 1),
        lambda: None,
        lambda: (tmp_path / "metrics.csv").write_text("epoch\n1\n"),
        lambda: write_neurons(tmp_path / "analyses", 2),
        lambda: write_neurons(tmp_path / "twin", 1),
    ]

    def wait(seconds: float) -> None:
        if not deeds:
            raise KeyboardInterrupt
        deeds.pop(0)()
        built.append("waited")

    runs = [tmp_path, tmp_path / "twin"]
    with pytest.raises(KeyboardInterrupt):
        watch(runs, lambda: built.append("built"), state_of(*runs), wait=wait)
    assert built == ["waited", "waited", "built", "waited", "waited", "built", "waited", "built", "waited", "built"]
