"""Give each request its session, and each session what the request tells of the browser."""

from django.contrib.sessions import middleware
from django.http import HttpRequest, HttpResponse

from accounts.client_address import client_address
from accounts.people.devices import device_of
from accounts.people.sessions import ClientPlace, SessionStore


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's, which also notes where and when a session is used."""

    def process_request(self, request: HttpRequest) -> None:
        """Attach the session, which is loaded when something asks for it."""
        super().process_request(request)
        if isinstance(request.session, SessionStore):
            request.session.place = ClientPlace(
                client_address(request), device_of(request.headers.get("User-Agent", ""))
            )

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Keep what changed, and note the use."""
        answered = super().process_response(request, response)
        if isinstance(request.session, SessionStore):
            request.session.note_use()
        return answered
