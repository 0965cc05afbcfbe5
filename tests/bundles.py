"""Load bundles as the operator of the installation does, from whom a test wants nothing more."""

import functools
import pickle
from typing import Any

from tools.documentation import bundles
from tools.documentation.bundle_reading import Bundle
from tools.documentation.bundles import LoadResult
from tools.rights import Operator

OPERATOR = Operator("tests")


@functools.cache
def _pickled(text: str) -> bytes:
    return pickle.dumps(bundles.read_bundle(text))


@functools.cache
def _judged(_text: str) -> dict[tuple[str, str], list[str]]:
    """Return the gate's reasons against records under the definition of a text."""
    return {}


# ChatGPT is certain to read this many characters of a server's `instructions`.
ESSENTIALS = 512


def read_bundle(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the definition and the records, which are the caller's own; a text is read once for all tests."""
    read = _read(text)
    return read.definition, read.records


def _read(text: str) -> Bundle:
    read: Bundle = pickle.loads(_pickled(text))
    return read


def load_bundle(text: str, *, overwrite: bool = False, withdraw: bool = False) -> LoadResult:
    """Load a bundle."""
    read = _read(text)
    how = bundles.Loading(overwrite, withdraw, judged=_judged(text))
    return bundles.load_parts(read.definition, read.records, OPERATOR, how, read.questions)


__all__ = ["OPERATOR", "load_bundle", "read_bundle"]
