"""A web server in this process: its socket, its secret, and its end by a signal. `demo/` and `serve/` share it."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from .errors import UserError


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # another name
        return False


def new_secret() -> str:
    """A password or token that nobody can guess."""
    return secrets.token_urlsafe(18)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Port 0 is a free one. Raises UserError if host or port cannot be used."""
    if not 0 <= port <= 65535:
        raise UserError(f"--port {port}: give a number from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"--host {host}: {error.strerror}; give an address of this computer") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise UserError(f"--host {host} --port {port}: {error.strerror}; give another port or host") from error
    return listening


def url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    app: Any,
    listening: socket.socket,
    seconds_to_end: int,
    on_signal: Callable[[], None] = lambda: None,
    log_level: str = "critical",
    connections: int | None = None,
) -> None:
    """Serves until Ctrl-C or SIGTERM; the port is free at the return. A second Ctrl-C ends at once.

    Args:
        seconds_to_end: requests that are still open this long after the signal are cut.
        on_signal: called by the handler of the signal.
        log_level: of uvicorn, which writes to standard error.
        connections: greatest number of open ones; further ones get the status 503, without JSON. None = no limit.
    """

    class Server(uvicorn.Server):
        def handle_exit(self, number: int, frame: Any) -> None:
            on_signal()
            super().handle_exit(number, frame)

    server = Server(
        uvicorn.Config(
            app,
            log_level=log_level,
            access_log=False,
            server_header=False,
            limit_concurrency=connections,
            timeout_graceful_shutdown=seconds_to_end,
        )
    )

    def stop(*_: Any) -> None:
        server.should_exit = True

    # uvicorn handles the signals while it runs, and sends them again at its end; `stop` receives them before and after.
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.closing(listening):
            server.run(sockets=[listening])
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
