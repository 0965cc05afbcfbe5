"""What `manage.py up` does once the web process answers."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django.fixtures import Settings

from config.management.commands.up import call_when_ready


class Alive(BaseHTTPRequestHandler):
    """Answers as a web process does."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def web(settings: Settings) -> Iterator[None]:
    """A web process at an address of its own."""
    with ThreadingHTTPServer(("127.0.0.2", 0), Alive) as server:
        settings.HOST, settings.PORT = server.server_address[:2]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def test_the_web_process_is_asked_where_it_listens_and_through_no_proxy(
    web: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr("config.management.commands.up.START_SECONDS", 2)
    called: list[bool] = []
    call_when_ready(lambda: called.append(True))
    assert called == [True]
