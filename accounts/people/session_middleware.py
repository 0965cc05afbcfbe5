"""Attach a session to each request, and record the browser's address and device on it."""

from django.contrib.sessions import middleware
from django.http import HttpRequest, HttpResponse

from accounts.people.devices import device_of
from accounts.people.sessions import ClientPlace, SessionStore
from accounts.web.client_address import client_address


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's middleware, which also records where and when a session is used."""

    def process_request(self, request: HttpRequest) -> None:
        """Attach the session, which is loaded on first access, and the client's place."""
        super().process_request(request)
        if isinstance(request.session, SessionStore):
            request.session.place = ClientPlace(
                client_address(request), device_of(request.headers.get("User-Agent", ""))
            )

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save the session if it changed, and record its use."""
        saved = super().process_response(request, response)
        if isinstance(request.session, SessionStore):
            request.session.note_use()
        return saved
