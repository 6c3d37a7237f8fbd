"""The page as a web application, and the guard in front of gradio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI

USER = "demo"
"""The user name of a page with a password."""
BODY_BYTES = 1 << 20
"""Largest body of a request; the document's limit is smaller."""
SECONDS_TO_END = 1
"""Open connections are cut this long after the signal to end."""
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
"""The browser loads nothing from another server."""
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class Guard:
    """ASGI middleware: refuses large bodies and uploads, and sets the headers of `HEADERS`."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        if status := _refusal(scope):
            await send_with_headers({"type": "http.response.start", "status": status, "headers": []})
            await send_with_headers({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, send_with_headers)


def _refusal(scope: Any) -> int | None:
    """The status of a request that the page never sends: 403 upload, 411 body of unknown length, 413 large body."""
    headers = dict(scope["headers"])
    if scope["method"] == "POST" and scope["path"].rstrip("/").endswith("/upload"):
        return 403
    if b"transfer-encoding" in headers:
        return 411
    return 413 if int(headers.get(b"content-length", 0)) > BODY_BYTES else None


def application(blocks: gr.Blocks, password: str | None) -> FastAPI:
    """The page as a web application, with a login if there is a password."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(Guard)
    # gradio's own fonts come from another server
    fonts: dict[str, Any] = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
    return gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth=(USER, password) if password else None,
        theme=gr.themes.Base(primary_hue="blue", neutral_hue="slate", **fonts),
        css=Path(__file__).with_name("style.css").read_text(encoding="utf-8"),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        max_file_size=1,
    )
