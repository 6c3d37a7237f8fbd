"""A server in this process, and a client that sends any bytes."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import uvicorn

from seq2seq.inference import Summarizer
from seq2seq.serve.application import Service
from seq2seq.serve.limits import Limits
from seq2seq.web import listen

JSON = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client(NamedTuple):
    """Sends each request on a new connection."""

    port: int
    service: Service

    def send(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = JSON) -> Answer:
        """`body`: bytes, an iterator of bytes (sent in chunks), or a value that is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = json.dumps(body) if isinstance(body, (dict, list, str)) else body
        try:
            connection.request(method, path, sent, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def post(self, **body: Any) -> Answer:
        return self.send("POST", "/v1/headlines", body)


@contextmanager
def running(summarizer: Summarizer, token: str | None = None, **limits: Any) -> Iterator[Client]:
    """A server at a free port."""
    service = Service(summarizer, "run/best.ckpt", Limits(**limits), token)
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(service.asgi, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Client(listening.getsockname()[1], service)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
