"""The browser of the tests: it must see errors, and refuse other hosts."""

import pytest
from browser import chromium, is_local, open_page


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


def test_errors_and_requests_to_other_hosts_are_recorded(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(
        "<!doctype html><title>page</title><p id=text>before</p><img src='https://example.org/a.png'>"
        "<script>text.textContent = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';"
        "try { new WebSocket('wss://example.net/socket') } catch (error) {} lost()</script>"
    )
    with open_page(browser, file, dark=True) as page:
        page.wait_for_load_state("networkidle")
        assert page.inner_text("#text") == "dark"
        assert any("lost is not defined" in error for error in page.errors)
        assert set(page.outside) == {"https://example.org/a.png", "wss://example.net/socket"}
    with open_page(browser, file) as page:
        assert page.inner_text("#text") == "light"


def test_local_urls():
    assert all(map(is_local, ["file:///a.html", "http://127.0.0.1:7860/", "http://localhost/x", "data:text/html,a"]))
    assert not any(map(is_local, ["https://example.org/", "http://127.0.0.1.example.org/", "ftp://localhost.org/"]))
