"""The page in a headless Chromium: type, click, read. It asks no other server, shows texts as texts, ends cleanly."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium, open_page, pixels
from helpers import TrainedRun, needs, pairs, run, started

from seq2seq.inference import Summarizer

pytestmark = needs("gradio", extra="demo")
DOCUMENTS = [pair["document"] for pair in pairs(24)]
HOSTILE = (
    '<script>window.hacked=1</script> <img src=x onerror="window.hacked=1">',
    "**bold** [a](http://evil.example) ${window.hacked=1} {{value}} </p> &lt;",
)
SPY = """
import socket

connect = socket.socket.connect

def spy(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        open({file!r}, "a").write(str(address))
    return connect(self, address)

socket.socket.connect = spy
"""
"""A plugin that records the connections to other computers."""


def page_url(process: subprocess.Popen) -> tuple[str, str]:
    """The URL that the process prints, and the lines before it."""
    lines = ""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"open (http\S+) in a browser", line):
            return found[1], lines
        lines += line
    raise AssertionError(lines)


def end(process: subprocess.Popen, number: int, url: str) -> str:
    """Ends the process by a signal; returns what it printed since its start. Its port must be free then."""
    process.send_signal(number)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", int(url.rsplit(":", 1)[1])))
    return output


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def spied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the connections of the server to other computers; its folder has the plugin that writes it."""
    file = tmp_path_factory.mktemp("spy") / "connections"
    file.with_name("connection_spy.py").write_text(SPY.format(file=str(file)))
    file.touch()
    return file


@pytest.fixture(scope="module")
def url(trained: TrainedRun, spied: Path) -> Iterator[str]:
    """The page of the trained run. At the end Ctrl-C stops it, without a traceback."""
    plugin = {"SEQ2SEQ_PLUGINS": "connection_spy", "PYTHONPATH": f"{Path(__file__).parents[2]}:{spied.parent}"}
    with started("demo", "--checkpoint", trained.best, "--port", "0", **plugin) as process:
        found, before = page_url(process)
        assert "password" not in before
        yield found
        assert end(process, signal.SIGINT, found) == "seq2seq demo: ended\n"


def write(page: Any, document: str) -> None:
    """Types a document, clicks, and waits for the result."""
    page.locator("#document textarea").fill(document)
    page.locator("#write").click()
    page.locator("#headlines table").wait_for()


def test_a_reader_sees_headlines_copied_words_attention_and_beams(
    browser: Any, url: str, trained: TrainedRun, spied: Path
) -> None:
    expected = Summarizer.from_checkpoint(trained.best, "cpu").trace(DOCUMENTS[0], n_best=3)
    with open_page(browser, url) as page:
        write(page, DOCUMENTS[0])
        rows = page.locator("#headlines tbody tr")
        assert [row.locator("td").nth(1).inner_text() for row in rows.all()] == [h.text for h in expected.headlines]
        assert page.locator("#words .s2s-headline mark").all_inner_texts() == [
            word.strip()
            for word, copied in zip(expected.headlines[0].headline_words, expected.headlines[0].copied, strict=True)
            if copied
        ]
        page.locator("#choice label").nth(1).click()
        page.locator("#words .s2s-headline").get_by_text(expected.headlines[1].text, exact=True).wait_for()
        page.get_by_role("tab", name="Attention", exact=True).click()
        cells = page.locator("#attention tbody td")
        assert cells.count() == expected.headlines[1].attention.size
        page.get_by_role("tab", name="Beam", exact=True).click()
        page.locator("#beam svg").wait_for()
        assert page.locator("#beam .s2s-node").count() == len(expected.nodes)
        assert page.locator("#beam .s2s-won .s2s-label").all_text_contents()[-1] == "end"
        assert page.outside == page.errors == []
    assert spied.read_text() == ""


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_has_its_colours(browser: Any, url: str, trained: TrainedRun, dark: bool) -> None:
    """The background follows the system. A word of the headline turns its attention in the document blue."""
    explained = Summarizer.from_checkpoint(trained.best, "cpu").explain(DOCUMENTS[0])
    with open_page(browser, url, dark=dark) as page:
        write(page, DOCUMENTS[0])
        document = page.locator("#words .s2s-document")
        before = pixels(document.screenshot()).astype(int)
        assert (before.mean() < 80) == dark
        page.locator("#words .s2s-word").nth(int(explained.attention.max(axis=1).argmax())).focus()
        after = pixels(document.screenshot()).astype(int)
        blue = (after - before)[..., 2] - (after - before)[..., 0]
        assert (blue > 100 * explained.attention.max()).sum() > 100


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_appear_as_texts(browser: Any, url: str, hostile: str) -> None:
    with open_page(browser, url) as page:
        write(page, hostile)
        page.locator("#words .s2s-document").wait_for()
        shown = page.locator("#words .s2s-document").inner_text()
        assert "".join(shown.split()) == "".join(hostile.split())
        for tab in ("Attention", "Copying", "Beam"):
            page.get_by_role("tab", name=tab, exact=True).click()
        assert page.evaluate("window.hacked") is None
        assert page.outside == page.errors == []


def test_input_is_limited(browser: Any, url: str) -> None:
    """The text box takes no more characters than the limit, and a problem is one sentence in place of the result."""
    with open_page(browser, url) as page:
        assert page.locator("#document textarea").get_attribute("maxlength") == "20000"
        page.get_by_text("At most 20,000 characters and 2,000 words. The model reads the first 30 tokens.").wait_for()
        page.locator("#document textarea").fill("word " * 2001)
        page.locator("#write").click()
        page.get_by_text("The document has 2,001 words. The limit is 2,000. Shorten it.").wait_for()
        write(page, "fire " * 40)
        page.get_by_text("The model has read the first 30 of 40 tokens.").wait_for()


@pytest.mark.slow
def test_several_readers_get_their_own_headlines(browser: Any, url: str, trained: TrainedRun) -> None:
    texts = [DOCUMENTS[position] for position in (1, 6, 11)]
    expected = Summarizer.from_checkpoint(trained.best, "cpu").summarize(texts)
    with open_page(browser, url) as one, open_page(browser, url) as two, open_page(browser, url) as three:
        pages = (one, two, three)
        for page, text in zip(pages, texts, strict=True):
            page.locator("#document textarea").fill(text)
        for page in pages:
            page.locator("#write").click()
        found = [page.locator("#headlines tr.s2s-chosen td").nth(1).inner_text() for page in pages]
    assert found == expected
    assert len(set(found)) == 3


def test_the_guard_refuses_uploads_and_large_bodies(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    for path, headers, status in (
        ("/gradio_api/upload", {"Content-Length": "0"}, 403),
        ("/gradio_api/queue/join", {"Content-Length": str(2 << 20)}, 413),
        ("/gradio_api/queue/join", {"Transfer-Encoding": "chunked"}, 411),
    ):
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.putrequest("POST", path)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == status
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        connection.close()


def test_a_page_for_other_computers_asks_for_a_password(
    trained: TrainedRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[Any] = []

    from fastapi.testclient import TestClient

    def keep(app: Any, listening: socket.socket, seconds_to_end: int) -> None:
        served.append(app)
        listening.close()

    monkeypatch.setattr("seq2seq.web.serve", keep)
    monkeypatch.delenv("SEQ2SEQ_DEMO_PASSWORD", raising=False)
    arguments = ["demo", "--checkpoint", trained.best, "--port", "0"]
    assert run(*arguments, "--host", "0.0.0.0") == 0
    printed = re.search(r"log in as demo with the password (\S+)", capsys.readouterr().err)
    assert printed is not None
    monkeypatch.setenv("SEQ2SEQ_DEMO_PASSWORD", "chosen")
    assert run(*arguments) == 0
    assert "password" not in capsys.readouterr().err
    for app, password in zip(served, (printed[1], "chosen"), strict=True):
        client = TestClient(app)
        assert client.get("/config").status_code == 401
        assert client.post("/login", data={"username": "demo", "password": "wrong"}).status_code == 400
        assert client.get("/config").status_code == 401
        assert client.post("/login", data={"username": "demo", "password": password}).status_code == 200
        assert client.get("/config").status_code == 200


def test_addresses_of_this_computer_alone() -> None:
    from seq2seq.web import is_loopback

    names = ["127.0.0.1", "127.1.2.3", "::1", "localhost", "0.0.0.0", "192.168.1.5", "example.com", ""]
    assert [is_loopback(name) for name in names] == [True] * 4 + [False] * 4


SERVE = """
import os, signal, sys
from seq2seq import web
number = int(sys.argv[1])

async def app(scope, receive, send):
    os.kill(os.getpid(), number)  # the first scope is the start of the server
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})

before = signal.getsignal(number)
listening = web.listen("127.0.0.1", 0)
port = listening.getsockname()[1]
web.serve(app, listening, 3)
assert signal.getsignal(number) is before
web.listen("127.0.0.1", port).close()
print("ended")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_and_frees_the_port(number: int) -> None:
    """In a process of its own: the browser of the other tests keeps an event loop in this one."""
    done = subprocess.run([sys.executable, "-c", SERVE, str(int(number))], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr


def test_bad_arguments_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        for arguments, message in (
            (["--port", port], f"--host 127.0.0.1 --port {port}: Address already in use; give another port or host"),
            (["--port", 70000], "--port 70000: give a number from 0 to 65535"),
            (["--host", "no.such.host.invalid"], "--host no.such.host.invalid: "),
        ):
            assert run("demo", *map(str, arguments)) == 1
            assert capsys.readouterr().err.startswith(f"seq2seq: error: {message}")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run("demo") == 1
    assert 'pip install "seq2seq-headlines[demo]"' in capsys.readouterr().err
