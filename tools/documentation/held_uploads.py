"""Hold the content of an upload until it is confirmed: on the server, for an hour, for one person.

An upload can be larger than a form may be, and one replica must find what another received. So it is kept in the
session store, in a session of its own that nobody is signed in with, and expires as sessions do.
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
    # As text, since sessions are serialised as JSON.
    store[CONTENT] = base64.b85encode(zlib.compress(orjson.dumps(content), 6)).decode()
    store.set_expiry(SECONDS)
    store.create()
    key: str = store.session_key
    return key


def held(owner: object, key: str) -> Any:
    """Return the held value; None if it is gone, or somebody else's."""
    store = _store(key)
    if not key or store.get(OWNER) != str(owner):
        return None
    return orjson.loads(zlib.decompress(base64.b85decode(store[CONTENT])))


def release(owner: object, key: str) -> None:
    """Drop a held value; do nothing if it is somebody else's."""
    if key and _store(key).get(OWNER) == str(owner):
        _store(key).delete()
