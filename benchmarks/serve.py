"""The load test of `seq2seq serve`: speed, memory, a killed server, and bodies that are no requests.

    python benchmarks/serve.py [--checkpoint titles] [--parts throughput memory killed] [--clients 32] [--seconds 300]

The server is a process of its own; this process is the client, with one connection for each of `--clients` threads.
Every request has one document with a number of its own, so that no text occurs twice. `--seconds` bounds each part.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from common import ROOT, machine

HEADERS = {"Content-Type": "application/json"}
PARTS = ("throughput", "memory", "killed")
BAD_BODIES = {
    "malformed": (b'{"documents": ["a"', 400),
    "no JSON": (b"\x00\xff" * 100, 400),
    "wrong type": (b'{"documents": 3}', 422),
    "unknown key": (b'{"documents": "a", "beams": 3}', 422),
    "too many words": (json.dumps({"documents": "a " * 3000}).encode(), 422),
    "64 MB": (b" " * (64 << 20), 413),
}


@contextmanager
def server(checkpoint: str, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running server and its port; killed at the end."""
    command = [sys.executable, "-m", "seq2seq", "serve", "--checkpoint", checkpoint, "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stderr is not None
    lines = []
    try:
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"http://\S+:(\d+)/docs", line):
                break
        else:
            sys.exit(f"the server ended before it listened: {''.join(lines)}")
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()


class Client:
    """One connection. After an error the next request opens a new one."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, body: bytes) -> int:
        """The status of a request, or 0 if there was no answer."""
        try:
            self._connection.request("POST", "/v1/headlines", body, HEADERS)
            response = self._connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            self._connection.close()
            time.sleep(0.2)
            return 0


class Load:
    """The requests of several clients at once.

    Attributes:
        results: (time of the end, seconds, status) of each request.
    """

    def __init__(self, port: int, clients: int, count: int, seconds: float, body: Callable[[int], bytes]) -> None:
        self.results: list[tuple[float, float, int]] = []
        self._numbers, self._lock = iter(range(count)), threading.Lock()
        self._end, self._body, self._port = time.monotonic() + seconds, body, port
        self._threads = [threading.Thread(target=self._send) for _ in range(clients)]
        self.started = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends after the requests that are on their way."""
        self._end = 0.0
        self.finish()

    def finish(self) -> Load:
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self.started
        return self

    def _send(self) -> None:
        client = Client(self._port)
        while time.monotonic() < self._end:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            body = self._body(number)
            started = time.monotonic()
            status = client.send(body)
            now = time.monotonic()
            self.results.append((now, now - started, status))

    def row(self, name: str) -> str:
        """A row of the table: requests, requests/s, and the quantiles of the answers with status 200."""
        times = sorted(seconds for _, seconds, status in self.results if status == 200)
        quantiles = statistics.quantiles(times, n=100)
        return (
            f"| {name} | {len(self.results):,} | {len(times) / self.seconds:.1f} | {1000 * quantiles[49]:.0f} | "
            f"{1000 * quantiles[98]:.0f} | {statuses(self.results)} |"
        )


def statuses(results: list[tuple[float, float, int]]) -> str:
    counts = Counter(status for _, _, status in results)
    return ", ".join(f"{count:,} × {status or 'no answer'}" for status, count in sorted(counts.items()))


def documents(file: Path) -> list[str]:
    return [json.loads(line)["document"] for line in file.read_text(encoding="utf-8").splitlines()]


def megabytes(port: int) -> float:
    """Resident memory of the server, from its own /metrics."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return float(re.search(r"^process_resident_memory_bytes (\S+)", text, re.M)[1]) / 2**20  # type: ignore[index]


def throughput(port: int, args: argparse.Namespace, body: Callable[[int], bytes]) -> None:
    print("| clients | requests | requests/s | p50, ms | p99, ms | status |\n|---|---|---|---|---|---|")
    for clients in (1, args.clients):
        count = args.requests if clients > 1 else args.requests // 5
        print(Load(port, clients, count, args.seconds, body).finish().row(f"{clients}"), flush=True)


def memory(port: int, args: argparse.Namespace, body: Callable[[int], bytes]) -> None:
    print("\n| requests | memory of the server, MiB |\n|---|---|")
    done, started = 0, time.monotonic()
    for goal in sorted({1000, *range(2000, args.memory, 2000), args.memory}):
        left = args.seconds - (time.monotonic() - started)
        load = Load(port, args.clients, goal - done, left, lambda number: body(number + done)).finish()  # noqa: B023
        done += len(load.results)
        print(f"| {done:,} | {megabytes(port):.1f} |", flush=True)
        if done < goal:
            print("\n(The time was over.)")
            return


def killed(args: argparse.Namespace, body: Callable[[int], bytes]) -> None:
    """Kills the server under load, starts it again at the same port, ends it by SIGTERM."""
    times = []
    with server(args.checkpoint) as (process, port):
        load = Load(port, args.clients, 10**9, args.seconds, body)
        time.sleep(args.phase)
        process.kill()
        process.wait()
        times.append(time.monotonic())
        with server(args.checkpoint, port) as (again, _):
            times.append(time.monotonic())
            time.sleep(args.phase)
            again.send_signal(signal.SIGTERM)
            times.append(time.monotonic())
            assert again.wait(60) == 0
            times.append(time.monotonic())
            load.stop()
    print("\n| part | seconds | answers |\n|---|---|---|")
    start = load.started
    parts = ("before SIGKILL", "until the new server listens", "the new server", "from SIGTERM to the end")
    for name, end in zip(parts, times, strict=True):
        answers = statuses([result for result in load.results if start <= result[0] < end])
        print(f"| {name} | {end - start:.1f} | {answers} |")
        start = end


def bad_bodies(port: int) -> None:
    print("\n| body | status |\n|---|---|")
    for name, (body, expected) in BAD_BODIES.items():
        status = Client(port).send(body)
        assert status == expected, (name, status)
        print(f"| {name} | {status} |")
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        print(f"| no HTTP | {connection.recv(100).split()[1].decode()} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="titles")
    parser.add_argument("--input", type=Path, default=ROOT / "data" / "abstracts.jsonl", help="documents, JSON Lines")
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--memory", type=int, default=10_000, help="requests of the test of the memory")
    parser.add_argument("--seconds", type=float, default=300, help="bound of the time of each part")
    parser.add_argument("--phase", type=float, default=10, help="seconds of load before each signal")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--words", type=int, default=40, help="words of a document")
    parser.add_argument("--beam-size", type=int, default=5)
    args = parser.parse_args()
    texts = [" ".join(text.split()[: args.words]) for text in documents(args.input)]

    def body(number: int, **options: Any) -> bytes:
        text = f"{texts[number % len(texts)]} in {number} cases"
        return json.dumps({"documents": text, "beam_size": args.beam_size, **options}).encode()

    print(f"{machine()}; {args.checkpoint}, {args.words} words a document, beam {args.beam_size}\n")
    if "throughput" in args.parts:
        with server(args.checkpoint) as (_, port):
            throughput(port, args, body)
            bad_bodies(port)
    if "memory" in args.parts:
        with server(args.checkpoint) as (_, port):
            memory(port, args, lambda number: body(number, beam_size=1))
    if "killed" in args.parts:
        killed(args, body)


if __name__ == "__main__":
    main()
