"""Hold what was read from an upload until somebody confirms it: on the server, for an hour, for one person.

An upload can be larger than a form may be when it is sent back, and a replica must find what another one took. So it
lies where sessions lie, in a session of its own that nobody is signed in with, and expires as sessions do.
"""

import base64
import zlib
from importlib import import_module
from typing import Any

import orjson
from django.conf import settings

SECONDS = 3600
CONTENT, OWNER = "held_content", "held_owner"


def _store(key: str | None = None) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(session_key=key)


def hold(owner: object, content: Any) -> str:
    """Keep a JSON value for its owner; return the key to it."""
    store = _store()
    store[OWNER] = str(owner)
    store[CONTENT] = base64.b85encode(zlib.compress(orjson.dumps(content), 6)).decode()
    store.set_expiry(SECONDS)
    store.create()
    key: str = store.session_key
    return key


def held(owner: object, key: str) -> Any:
    """Return what is held; None where it is gone, or somebody else's."""
    store = _store(key)
    if not key or store.get(OWNER) != str(owner):
        return None
    return orjson.loads(zlib.decompress(base64.b85decode(store[CONTENT])))


def release(owner: object, key: str) -> None:
    """Forget what is held."""
    if key and _store(key).get(OWNER) == str(owner):
        _store(key).delete()
