"""The ASGI application: the API below /api/, the controls below /_control."""

import time
from collections.abc import Callable
from datetime import datetime

import orjson

from demo import control
from demo.asgi import Headers, Receive, Scope, Send
from demo.clock import Clock
from demo.damage import damaged
from demo.delivery import deliver, drip, drop, pause, truncate
from demo.errors import BodyTooLarge, Forced, MissingScope, NotFound, VendorError
from demo.exchange import VendorRequest, VendorResponse, read_request, refusal
from demo.keys import AccountKeys
from demo.knobs import Knobs
from demo.operations import (
    bulk,
    case_actions,
    cases,
    casetags,
    chats,
    contacts,
    departments,
    emails,
    reps,
    session,
    webhooks,
)
from demo.parameters import from_body, from_query
from demo.routing import PREFIX, RoutedRequest, Router
from demo.state import SimulatorState

DEFAULT_KEY = "fd-demo-key"
DEFAULT_HOURLY_LIMIT = 1800
RESOURCES = (
    bulk,
    case_actions,
    cases,
    casetags,
    chats,
    contacts,
    departments,
    emails,
    reps,
    session,
    webhooks,
)
ROUTES = tuple(route for resource in RESOURCES for route in resource.ROUTES)


def create_app(
    now: datetime | None = None,
    hourly_limit: int = DEFAULT_HOURLY_LIMIT,
    api_key: str = DEFAULT_KEY,
    elapsed: Callable[[], float] = time.monotonic,
) -> "Simulator":
    """Build a simulator with an account of its own.

    The data lies before `now`, by default the moment of the start; `elapsed` gives seconds and moves the
    clock on. An `hourly_limit` of 0 counts no requests. `api_key` is the key with every scope.
    """
    return Simulator(SimulatorState(Clock(now, elapsed), hourly_limit), AccountKeys(api_key))


class Simulator:
    """The application; tests may inspect `state`."""

    def __init__(self, state: SimulatorState, keys: AccountKeys) -> None:
        self.state = state
        self._keys = keys
        self._router = Router(ROUTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's lifespan."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        request = await read_request(scope, receive)
        if request.path.startswith(PREFIX):
            await self._serve_api(request, receive, send)
        else:
            await deliver(self._answer_control(request), [], send)

    async def _serve_api(self, request: VendorRequest, receive: Receive, send: Send) -> None:
        key = self._keys.find(request.headers)
        self.state.traffic.note(self.state.account.clock.now(), request, key.name if key else None)
        knobs = self.state.rules.take(request.path)
        if knobs is None:
            await deliver(self._answer(request), self.state.limit.headers(), send)
            return
        await self._misbehave(request, knobs, receive, send)

    async def _misbehave(self, request: VendorRequest, knobs: Knobs, receive: Receive, send: Send) -> None:
        if knobs.latency_ms and not await pause(knobs.latency_ms / 1000, receive):
            return
        if knobs.drop_connection:
            await drop(receive, send)
            return
        if knobs.force_status:
            answer = refusal(Forced(knobs.force_status))
        else:
            answer = damaged(knobs.response, self._answer(request))
        headers = _forced(self.state.limit.headers(), knobs)
        if knobs.response == "truncated":
            await truncate(answer, headers, receive, send)
        elif knobs.drip_bytes_per_second:
            await drip(answer, headers, knobs.drip_bytes_per_second, receive, send)
        else:
            await deliver(answer, headers, send)

    def _answer(self, request: VendorRequest) -> VendorResponse:
        try:
            key = self._keys.get(request.headers)
            self.state.limit.take()
            route, ids = self._router.match(request.method, request.path)
            if route.scope and route.scope not in key.scopes:
                raise MissingScope(route.scope)
            if request.body is None:
                raise BodyTooLarge
            form = from_body(request.body, request.content_type)
            result = route.operation(self.state.account, RoutedRequest(key, ids, from_query(request.query), form))
        except VendorError as error:
            return refusal(error)
        return VendorResponse(result if isinstance(result, bytes) else orjson.dumps(result))

    def _answer_control(self, request: VendorRequest) -> VendorResponse:
        try:
            if request.path.startswith(control.PATH):
                return control.answer(self.state, request)
            raise NotFound(f"The API lies below {PREFIX}, the controls are at {control.PATH}.")
        except VendorError as error:
            return refusal(error)


def _forced(headers: Headers, knobs: Knobs) -> Headers:
    """Apply the knobs to the headers; a forced 429 reports no requests left, as a real one would."""
    changes = {name.lower().encode(): value.encode() for name, value in knobs.force_headers.items()}
    if knobs.force_status == 429:
        changes.setdefault(b"x-fusedesk-usage-remaining", b"0")
    return [(name, value) for name, value in headers if name not in changes] + list(changes.items())


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
