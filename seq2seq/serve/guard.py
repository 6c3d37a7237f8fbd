"""The door of the server: token, type, size and time of a request, before the application sees it."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .limits import Limits
from .metrics import Metrics

PUBLIC = ("/", "/docs", "/openapi.json", "/health")
"""Paths without a token. They show nothing of documents and headlines."""
DISCARDED = 32
"""A body that is too large is read up to this multiple of its limit: many clients read no answer before its end."""
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
]


class Refusal(Exception):
    """A request that gets an error, and the headers of the answer."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, dict(headers or {})


class Disconnected(Exception):
    """The client closed the connection before the end of its body."""


class Guard:
    """ASGI middleware: refuses requests, reads their bodies, counts the answers.

    Args:
        token: the bearer token of all paths but `PUBLIC`; None = no token.
        paths: the paths of the application; the metrics count all other ones together.

    Attributes:
        ending: whether new requests are refused. The requests that the guard has seen before are answered.
    """

    def __init__(self, app: Any, limits: Limits, token: str | None, metrics: Metrics, paths: Collection[str]) -> None:
        self._app, self._limits, self._token, self._metrics, self._paths = app, limits, token, metrics, paths
        self.ending = False
        self._open = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, statuses = time.monotonic(), []
        self._open += 1

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        try:
            self._check_headers(scope)
            body = await self._body(scope, receive)
            await self._app(scope, _replay(body, receive), send_with_headers)
        except Refusal as refusal:
            await answer(send_with_headers, refusal)
        except Disconnected:
            return
        finally:
            self._open -= 1
            if statuses:
                path = scope["path"] if scope["path"] in self._paths else "other"
                self._metrics.request(path, statuses[0], time.monotonic() - started)

    def _check_headers(self, scope: Any) -> None:
        headers = dict(scope["headers"])
        if self.ending and scope["path"] != "/health":
            raise Refusal(503, "The server is ending; send the request to another one.", {"retry-after": "5"})
        if self._open > self._limits.requests:
            raise Refusal(503, "There are too many requests at once; try again later.", {"retry-after": "1"})
        if self._token and scope["path"] not in PUBLIC:
            scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() != b"bearer" or not hmac.compare_digest(token.strip(), self._token.encode()):
                raise Refusal(
                    401,
                    "The token is missing or wrong; send the header Authorization: Bearer TOKEN.",
                    {"www-authenticate": "Bearer"},
                )
        if scope["method"] == "POST":
            kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
            if kind != b"application/json":
                raise Refusal(415, "The body must be JSON; send the header Content-Type: application/json.")

    async def _body(self, scope: Any, receive: Any) -> bytes:
        """The whole body. Raises Refusal if it is too large or too slow."""
        headers, limit = dict(scope["headers"]), self._limits.body_bytes
        too_large = Refusal(413, f"The body is too large; send at most {limit:,} bytes.", {"connection": "close"})
        if int(headers.get(b"content-length", 0)) > limit and b"expect" in headers:  # the client waits for an answer
            raise too_large
        body, size, more = bytearray(), 0, True
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while more and size <= DISCARDED * limit:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
                    size += len(message.get("body", b""))
                    more = message.get("more_body", False)
                    if size <= limit:
                        body += message.get("body", b"")
        except TimeoutError:
            seconds = f"{self._limits.body_seconds:g} seconds"
            sentence = f"The body did not arrive within {seconds}; send it faster."
            raise Refusal(408, sentence, {"connection": "close"}) from None
        if size > limit:
            raise too_large
        return bytes(body)


def _replay(body: bytes, receive: Any) -> Callable[[], Any]:
    """A `receive` that gives the body first, and then the end of the connection."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Any:
        return messages.pop() if messages else await receive()

    return receive_again


async def answer(send: Any, refusal: Refusal) -> None:
    """Sends an error as JSON. Characters outside ASCII are escapes, so that every sentence can be sent."""
    body = json.dumps({"error": refusal.sentence}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
