"""The server: headlines as `decode` writes them, refusals, limits, a fuzz, and the end by a signal."""

from __future__ import annotations

import json
import random
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers import TrainedRun, pairs, read_jsonl, run, started, until

pytest.importorskip("fastapi", reason='FastAPI is not installed: pip install "seq2seq-headlines[serve]"')
from prometheus_client.parser import text_string_to_metric_families
from service import JSON, Client, running

from seq2seq.decoding import SearchOptions
from seq2seq.inference import Summarizer

DOCUMENTS = [pair["document"] for pair in pairs(16, first=3)]
SECRET = "a secret with ü"


def raw_post(body: bytes, header: str = "Accept: */*") -> bytes:
    """The bytes of a request, with one more header."""
    head = f"POST /v1/headlines HTTP/1.1\r\n{header}\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture(scope="module")
def summarizer(trained: TrainedRun) -> Summarizer:
    return Summarizer.from_checkpoint(trained.best, "cpu")


@pytest.fixture(scope="module")
def client(summarizer: Summarizer) -> Iterator[Client]:
    with running(summarizer, documents=16, words=50, body_bytes=4096, body_seconds=0.5) as made:
        yield made


@pytest.mark.parametrize(
    "options",
    [{}, {"beam_size": 1}, {"n_best": 4, "length_penalty": 0.3}, {"beam_size": 2, "min_length": 5, "max_length": 8}],
)
def test_the_headlines_are_those_of_decode(
    client: Client, trained: TrainedRun, tmp_path: Path, options: dict[str, Any]
) -> None:
    file, output = tmp_path / "documents.txt", tmp_path / "headlines.jsonl"
    file.write_text("\n".join([*DOCUMENTS, "", "word " * 40]), encoding="utf-8")
    flags = [str(part) for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    if options.get("beam_size") != 1:
        flags += ["--n-best", "2"] if "n_best" not in options else []
        options = {"n_best": 2, **options}
    assert run("decode", "--checkpoint", trained.best, "--input", file, "--output", output, *flags) == 0
    halves = [[*DOCUMENTS[:8]], [*DOCUMENTS[8:], "", "word " * 40]]
    answers = [client.post(documents=documents, **options).json for documents in halves]
    results = [result for answer in answers for result in answer["results"]]
    for result, row in zip(results, read_jsonl(output), strict=True):
        expected = row.get("hypotheses", [{"text": row["prediction"], "score": row["score"]}])
        assert [headline["text"] for headline in result["headlines"]] == [line["text"] for line in expected]
        assert [headline["score"] for headline in result["headlines"]] == pytest.approx(
            [line["score"] for line in expected], abs=1e-4
        )
    assert answers[0]["model"] == "run/best.ckpt"
    assert [result["tokens"] for result in results[-2:]] == [0, 30]
    assert [result["cut"] for result in results[-2:]] == [False, True]


def test_one_document_is_a_list_of_one(client: Client, summarizer: Summarizer) -> None:
    (result,) = client.post(documents=DOCUMENTS[0]).json["results"]
    assert result["headlines"][0]["text"] == summarizer.summarize([DOCUMENTS[0]])[0]


def test_a_second_model_reranks_the_headlines(trained: TrainedRun) -> None:
    both = Summarizer.from_checkpoint(trained.best, "cpu", rerank=trained.best, rerank_weight=2.0)
    with running(both) as client:
        (result,) = client.post(documents=DOCUMENTS[0], beam_size=6, n_best=3).json["results"]
        (expected,) = both.stream([DOCUMENTS[0]], beam_size=6, n_best=3)
        assert [headline["text"] for headline in result["headlines"]] == [headline.text for headline in expected]
        scores = [headline["score"] for headline in result["headlines"]]
        assert scores == pytest.approx([headline.score for headline in expected], abs=1e-4)
        alone = client.post(documents=DOCUMENTS[0], beam_size=1)
        assert alone.status == 422
        assert alone.json["error"] == (
            "the second model of this server needs several hypotheses: give beam_size, for example 16."
        )


def test_requests_at_once_are_searched_together(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the thread is busy, eight requests wait; five of them have one kind of options and share a batch."""
    batches, go, searching = [], threading.Event(), threading.Event()
    search = client.service.batcher._search

    def watched(documents: Sequence[str], options: SearchOptions) -> list[Any]:
        batches.append((len(documents), options.beam_size))
        searching.set()
        assert go.wait(20)
        return search(documents, options)

    monkeypatch.setattr(client.service.batcher, "_search", watched)
    statuses: list[int] = []

    def post(document: str, beam_size: int) -> threading.Thread:
        thread = threading.Thread(
            target=lambda: statuses.append(client.post(documents=document, beam_size=beam_size).status)
        )
        thread.start()
        return thread

    threads = [post(DOCUMENTS[0], 1)]
    assert searching.wait(20)
    threads += [post(document, 2 if number < 5 else 3) for number, document in enumerate(DOCUMENTS[1:9])]
    until(lambda: client.service.batcher.waiting == 8)
    go.set()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 9
    assert sorted(batches) == [(1, 1), (3, 3), (5, 2)]


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"{", 400, "The body is no JSON: "),
        (b"\xff\xfe{", 400, "The body is no JSON"),
        (b"[" * 3000, 400, "The body is no JSON."),
        (b"", 422, "The body is no JSON object; send an object with the key documents."),
        ([1], 422, "The body is no JSON object; send an object with the key documents."),
        ({}, 422, "documents: give a text, or a list of texts."),
        ({"documents": ["a", 3]}, 422, "documents[1]: give a text, or a list of texts."),
        ({"documents": []}, 422, "documents: the list is empty; give at least one document."),
        ({"documents": ["a"] * 17}, 422, "documents: 17 documents are too many; give at most 16 in one request."),
        ({"documents": ["a", "b " * 51]}, 422, "documents[1]: 51 words are too many; give at most 50 in one document."),
        ({"documents": ["a", "\ud800"]}, 422, "documents[1] holds half a surrogate pair"),
        ({"documents": "a", "beam": 3}, 422, "beam: there is no such key; did you mean 'beam_size'?"),
        ({"documents": "a", "\ud800": 3}, 422, "A key of the body holds half a surrogate pair"),
        ({"documents": "a", "beam_size": "3"}, 422, "beam_size: input should be a valid integer."),
        ({"documents": "a", "beam_size": True}, 422, "beam_size: input should be a valid integer."),
        ({"documents": "a", "beam_size": 11}, 422, "beam_size: 11 is not allowed here; give a number from 1 to 10."),
        ({"documents": "a", "n_best": 11}, 422, "beam_size: 11 is not allowed here; give a number from 1 to 10."),
        ({"documents": "a", "max_length": 0}, 422, "max_length: 0 is too small; give at least 1."),
        ({"documents": "a", "length_penalty": 1e300}, 422, "length_penalty: 1e+300 is not allowed here"),
        ({"documents": "a", "length_penalty": float("nan")}, 422, "length_penalty: nan is not a finite number."),
        ({"documents": "a", "beam_size": 1, "minimum_risk": True}, 422, "minimum_risk has no effect with beam_size: 1"),
        ({"documents": "a", "shortlist": 2}, 422, "shortlist: 2 is too small"),
        ({"documents": "x" * 5000}, 413, "The body is too large; send at most 4,096 bytes."),
        (iter([b"x" * 3000] * 3), 413, "The body is too large; send at most 4,096 bytes."),
    ],
)
def test_a_bad_body_is_one_sentence(client: Client, body: Any, status: int, sentence: str) -> None:
    answer = client.send("POST", "/v1/headlines", body)
    assert (answer.status, list(answer.json)) == (status, ["error"])
    assert answer.json["error"].startswith(sentence)
    assert answer.json["error"][-1] in ".?"


def test_a_huge_body_is_not_kept(client: Client) -> None:
    """8 GB are announced. A client that asks first is refused at once; one that sends is cut off."""
    head = raw_post(b"").replace(b"Length: 0\r\n\r\n", b"Length: 8000000000\r\n")
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        connection.sendall(head + b"\r\n")
        pieces = (connection.sendall(b"x" * 65536) for _ in range(1000))
        with pytest.raises(ConnectionError):
            list(pieces)


def test_a_slow_body_gets_408(client: Client) -> None:
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        connection.sendall(raw_post(b'{"documents": "a"}')[:-1])
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_other_routes_and_headers(client: Client) -> None:
    assert client.send("POST", "/v1/headlines", b"{}", {"Content-Type": "text/plain"}).status == 415
    assert client.send("GET", "/v1/headlines").headers["allow"] == "POST"
    assert client.send("GET", "/nothing").json == {"error": "There is no such path; /docs lists the paths."}
    assert client.send("GET", "/health").json == {"status": "ok"}
    model = client.send("GET", "/v1/model").json
    assert (model["search"]["beam_size"], model["limits"]["words"], model["max_document_tokens"]) == (3, 50, 30)


def test_metrics_count_requests(client: Client) -> None:
    def counts() -> dict[Any, float]:
        text = client.send("GET", "/metrics").body.decode()
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    before = counts()
    client.post(documents=DOCUMENTS[:3])
    client.post(documents=[])
    client.send("GET", f"/{random.random()}")
    after = counts()
    for key, more in {
        ("seq2seq_requests_total", "/v1/headlines", "200"): 1,
        ("seq2seq_requests_total", "/v1/headlines", "422"): 1,
        ("seq2seq_requests_total", "404", "other"): 1,
        ("seq2seq_batch_documents_sum",): 3,
        ("seq2seq_search_seconds_count",): 1,
    }.items():
        assert after[key] - before.get(key, 0) == more, key
    assert after["seq2seq_waiting_documents",] == 0


def test_the_page_describes_every_key_and_loads_nothing(client: Client) -> None:
    answer = client.send("GET", "/docs")
    page = answer.body.decode()
    schema = client.send("GET", "/openapi.json").json
    for name in ("/v1/headlines", "/health", "documents", "log_probability", *SearchOptions.__dataclass_fields__):
        assert f"{name}</code>" in page
    assert re.findall(r'(?:src|href)="(.*?)"|<script', page) == ["/openapi.json"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert set(schema["paths"]) == {"/v1/headlines", "/v1/model", "/health", "/metrics"}


def test_a_token_guards_everything_but_the_page_and_the_health(summarizer: Summarizer) -> None:
    body = {"documents": DOCUMENTS[0]}
    with running(summarizer, token=SECRET) as client:
        for path in ("/docs", "/openapi.json", "/health"):
            assert client.send("GET", path).status == 200
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}, {"Authorization": ""}):
            answer = client.send("POST", "/v1/headlines", body, {**JSON, **given})
            assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert client.send("GET", "/metrics", headers=given).status == 401
        right = {"Authorization": b"Bearer " + SECRET.encode()}
        assert client.send("POST", "/v1/headlines", body, {**JSON, **right}).status == 200  # type: ignore[dict-item]


def test_full_late_and_gone(summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread is busy: a second request waits until its time is over, further ones do not fit, and the documents of
    a client that leaves are not searched."""
    with running(summarizer, documents=2, waiting=2, seconds=1.0) as client:
        batcher, go, seen = client.service.batcher, threading.Event(), []
        search = batcher._search

        def slow(documents: Sequence[str], options: SearchOptions) -> list[Any]:
            seen.append(documents[0])
            assert go.wait(20)
            return search(documents, options)

        monkeypatch.setattr(batcher, "_search", slow)
        answers: list[Any] = []
        threads = [threading.Thread(target=lambda: answers.append(client.post(documents="first"))) for _ in range(2)]
        threads[0].start()
        until(lambda: seen == ["first"])
        threads[1].start()
        until(lambda: batcher.waiting == 1)
        with socket.create_connection(("127.0.0.1", client.port)) as leaving:
            body = b'{"documents": "gone"}'
            leaving.sendall(raw_post(body))
            until(lambda: batcher.waiting == 2)
            full = client.post(documents="refused")
        until(lambda: batcher.waiting < 2)
        assert (full.status, full.headers["retry-after"]) == (503, "1")
        assert full.json == {"error": "The queue is full; try again later."}
        for thread in threads:
            thread.join()
        assert [answer.status for answer in answers] == [503, 503]
        assert answers[0].json == {"error": "There was no answer within 1 seconds; try again later."}
        go.set()
        assert client.post(documents="last").status == 200
        assert seen == ["first", "last"]


def fuzzed(chance: random.Random) -> tuple[bytes, dict[str, str]]:
    """A body and headers: valid JSON with wrong values, valid values with damaged bytes, or noise."""
    values = [
        None,
        True,
        0,
        1,
        2,
        3,
        -1,
        10**30,
        1e400,
        -1e-320,
        "",
        "a",
        DOCUMENTS[0],
        "\0\u202e\U0001f600",
        [],
        {},
        ["x"],
    ]
    names = ["documents", *SearchOptions.__dataclass_fields__, "unknown", "", "__class__"]
    body = {"documents": chance.choice([DOCUMENTS[0], DOCUMENTS[:2], *values])}
    body |= {chance.choice(names): chance.choice(values) for _ in range(chance.randrange(4))}
    text = bytearray(json.dumps(body).encode())
    if chance.random() < 0.3:
        for _ in range(chance.randrange(1, 4)):
            text[chance.randrange(len(text))] = chance.randrange(256)
    elif chance.random() < 0.2:
        text = bytearray(
            chance.choice([b"[", b'{"documents":', b"\xed\xa0\x80", b"9", b"\x00"]) * chance.randrange(1, 1500)
        )
    kind = chance.choice([*["application/json"] * 8, "application/json; charset=utf-16", "multipart/form-data", "\xff"])
    return bytes(text), {"Content-Type": kind}


@pytest.mark.parametrize("count", [200, pytest.param(5000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_no_body_makes_a_fault(client: Client, count: int) -> None:
    chance = random.Random(count)
    statuses: dict[int, int] = {}
    for _ in range(count):
        body, headers = fuzzed(chance)
        answer = client.send("POST", "/v1/headlines", body, headers)
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        assert answer.status < 500, (body, answer)
        assert answer.status == 200 or list(answer.json) == ["error"]
    assert {200, 400, 415, 422} <= set(statuses)
    assert client.send("GET", "/health").json == {"status": "ok"}


@pytest.mark.parametrize("noise", [b"\r\n\r\n", b"\x16\x03\x01\x02\x00", b"POST / HTTP/x", b"GET " + b"/" * 70000])
def test_noise_instead_of_http(client: Client, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        connection.sendall(noise + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000)[:12] in (b"HTTP/1.1 400", b"")
    assert client.send("GET", "/health").status == 200


def address(process: subprocess.Popen) -> tuple[int, str]:
    """The port that the process prints, and the lines before it."""
    lines = ""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+:(\d+)/docs", line):
            return int(found[1]), lines
        lines += line
    raise AssertionError(lines)


def test_sigterm_answers_the_accepted_requests(trained: TrainedRun) -> None:
    """Six requests have been accepted when the signal comes. All are answered; the process ends with status 0.

    Other computers can reach this server, so it has printed a token.
    """
    limits = ["--host", "0.0.0.0", "--batch-documents", "1", "--longest-headline", "60"]
    with started("serve", "--checkpoint", trained.best, "--port", "0", *limits) as process:
        port, before = address(process)
        token = re.search(r"Authorization: Bearer \S{20,}(?=\n)", before)
        assert token
        client = Client(port, None)  # type: ignore[arg-type]
        assert client.post(documents="a").status == 401
        body = {"documents": DOCUMENTS[:4], "beam_size": 10, "min_length": 60, "max_length": 60}
        connections = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(6)]
        for connection in connections:
            connection.sendall(raw_post(json.dumps(body).encode(), token[0]))
        until(lambda: waiting(client, token[0]) >= 12)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
        new = (client.post(documents="a").status for _ in range(1000))
        with pytest.raises(ConnectionError):
            until(lambda: next(new) != 503)
        answers = [connection.makefile("rb").read() for connection in connections]
        assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 6
        output, _ = process.communicate(timeout=60)
        assert (process.returncode, output) == (0, "seq2seq serve: ended\n")


def waiting(client: Client, header: str) -> float:
    name, _, value = header.partition(": ")
    text = client.send("GET", "/metrics", headers={name: value}).body.decode()
    return float(re.search(r"^seq2seq_waiting_documents (\S+)", text, re.M)[1])  # type: ignore[index]


def test_the_example_of_the_docs(client: Client, summarizer: Summarizer, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.S)
    assert code
    exec(code[1].replace(":8000", f":{client.port}"), {})
    expected = summarizer.summarize(["Fire broke out in ...", "Shares of ..."], beam_size=5)
    assert capsys.readouterr().out.splitlines() == expected


def test_bad_arguments_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        (["--port", "70000"], "--port 70000: give a number from 0 to 65535"),
        (["--waiting", "0"], "--waiting 0 is too small; give at least 1"),
        (["--documents", "300"], "--documents 300 is more than waiting (256)"),
    ):
        assert run("serve", *arguments) == 1
        assert capsys.readouterr().err == f"seq2seq: error: {message}\n"
