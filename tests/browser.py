"""A headless Chromium for tests of pages. A machine without one skips these tests, and the report names the reason.

    with chromium() as browser, open_page(browser, file_or_url) as page:
        assert page.get_by_text("ROUGE-1").is_visible()
        assert page.errors == page.outside == []

`page` is a page of playwright's sync API. One Chromium may serve all tests of a file: make it in a module fixture.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LOCAL_SCHEMES = ("file", "data", "blob", "about", "chrome-error")


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome on PATH, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Any]:
    """A running Chromium without a window, as a `Browser` of playwright. Skips the test if there is none."""
    reason = 'playwright is not installed: pip install "seq2seq-headlines[dev]" installs it'
    sync_api = pytest.importorskip("playwright.sync_api", reason=reason)
    path = find_chromium()
    if path is None:
        pytest.skip(
            f"there is no browser: none of {', '.join(NAMES)} is on PATH; apt-get install chromium installs one"
        )
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium refuses to start its sandbox for root
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS + ["--no-sandbox"] * root)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(
    browser: Any, place: Path | str, *, dark: bool = False, size: tuple[int, int] = (1100, 900)
) -> Iterator[Any]:
    """Opens a file or a URL in a fresh context without cookies.

    Args:
        dark: whether the page sees `prefers-color-scheme: dark`.
        size: width and height of the window in pixels.

    The page has two more attributes:
        outside: URLs that the page wanted from other hosts. They are refused.
        errors: errors of scripts, and errors that the console shows.
    """
    scheme = "dark" if dark else "light"
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, service_workers="block"
    )
    outside: list[str] = []
    errors: list[str] = []

    def answer(route: Any) -> None:
        if is_local(route.request.url):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def connect(socket: Any) -> None:
        if is_local(socket.url):
            socket.connect_to_server()
        else:
            outside.append(socket.url)

    try:
        context.route("**/*", answer)
        context.route_web_socket("**/*", connect)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.outside, page.errors = outside, errors
        page.goto(place.resolve().as_uri() if isinstance(place, Path) else place)
        yield page
    finally:
        context.close()


def is_local(url: str) -> bool:
    """Whether a URL stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme in LOCAL_SCHEMES or parts.hostname in LOOPBACK


def pixels(png: bytes) -> np.ndarray:
    """[height, width, 3] the colours of a screenshot, 0 to 255."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))
