"""/_control: the knobs and counts for tests and the demo. It needs no key: the process listens on loopback only."""

from dataclasses import asdict

import orjson

from demo.errors import BodyTooLarge, MethodNotAllowed, NotFound
from demo.exchange import VendorRequest, VendorResponse
from demo.knobs import EVERYWHERE, Knobs, UnknownKnob
from demo.state import SimulatorState

PATH = "/_control"
RESET_PATH = "/_control/reset"
METHODS = {PATH: ("GET", "POST"), RESET_PATH: ("POST",)}
# Knobs that apply to the whole account, so they cannot be set for a path.
LIMITS = ("limit", "remaining")
HIGHEST_LIMIT = 1_000_000


def answer(state: SimulatorState, request: VendorRequest) -> VendorResponse:
    """Answer a control request with the state after it. Raises VendorError for an unknown path or method."""
    allowed = METHODS.get(request.path)
    if allowed is None:
        raise NotFound("There is no such path.")
    if request.method not in allowed:
        raise MethodNotAllowed(allowed)
    if request.body is None:
        raise BodyTooLarge
    try:
        if request.path == RESET_PATH:
            state.reset()
        elif request.method == "POST":
            _turn(state, request.body)
    except UnknownKnob as error:
        return VendorResponse(orjson.dumps({"error": str(error), "knob": error.name}), 400)
    return VendorResponse(orjson.dumps(_describe(state)))


def _turn(state: SimulatorState, body: bytes) -> None:
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnknownKnob("body", "this is not valid JSON.") from None
    if not isinstance(values, dict):
        raise UnknownKnob("body", "this must be a JSON object of knobs.")
    prefix = values.pop("path", EVERYWHERE)
    if not isinstance(prefix, str) or (prefix and not prefix.startswith("/")):
        raise UnknownKnob("path", "this is the beginning of a path, such as /api/v1/chats.")
    limits = {name: values.pop(name) for name in LIMITS if name in values}
    _check_limits(limits, prefix)
    if values:
        state.rules.set(prefix, values)
    if "limit" in limits:
        state.limit.set_limit(limits["limit"])
    if "remaining" in limits:
        state.limit.set_remaining(limits["remaining"])


def _check_limits(limits: dict[str, object], prefix: str) -> None:
    for name, value in limits.items():
        if prefix:
            raise UnknownKnob(name, "this holds for the whole account and goes with no path.")
        if type(value) is not int or not 0 <= value <= HIGHEST_LIMIT:
            raise UnknownKnob(name, f"this is a whole number from 0 to {HIGHEST_LIMIT}.")


def _describe(state: SimulatorState) -> dict[str, object]:
    by_path = {prefix: asdict(knobs) for prefix, knobs in state.rules.by_prefix.items()}
    return {
        "knobs": by_path.pop(EVERYWHERE, asdict(Knobs())),
        "path_knobs": by_path,
        "limit": state.limit.limit,
        "remaining": state.limit.remaining,
        "requests": state.traffic.requests,
        "paths": dict(state.traffic.paths),
        "last_requests": state.traffic.last(),
    }
