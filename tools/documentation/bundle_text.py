"""Read and write the text of a bundle file: YAML or JSON, limited to what JSON can represent."""

import math
from collections.abc import Iterator
from typing import Any

import orjson
import yaml

from tools.documentation.document_text import MAX_NODES, read_text
from tools.documentation.slips import Slips
from tools.errors import BundleInvalid, first_problems

MAX_DEPTH = 64


def read_document(text: str) -> Any:
    """Return the document in a text; raise BundleInvalid."""
    slips = Slips()
    read = read_text(text, max_depth=MAX_DEPTH, slips=slips)
    if slips.found:
        raise BundleInvalid(first_problems(slips.found))
    # The search for problems reads every value in Python, so it waits for a sign that there are any.
    if read.odd or not _is_writable(read.value):
        problems = first_problems(_problems(read.value, "", 0))
        if problems:
            raise BundleInvalid(problems)
    return read.value


class _Dumper(yaml.CSafeDumper):
    """PyYAML's own dumper, which writes text without loss."""


def _represented(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    # YAML 1.1 treats these as line breaks, and folds them unless they are escaped.
    style = '"' if any(sign in text for sign in "\r\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represented)


def write_document(document: Any) -> str:
    """Return a document as YAML that read_document turns back into the same document."""
    written: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return written


def _problems(value: Any, place: str, depth: int) -> Iterator[str]:
    """Yield what JSON cannot represent in a document, with its place."""
    if depth > MAX_DEPTH:
        yield f"{place}: is nested deeper than {MAX_DEPTH} levels."
    elif isinstance(value, dict):
        for key, child in value.items():
            if not isinstance(key, str):
                yield f"{place or 'document'}: the key {key!r:.40} is not text; put it in quotes."
            else:
                yield from _problems(child, f"{place}.{key[:64]}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        for count, child in enumerate(value):
            yield from _problems(child, f"{place}[{count}]", depth + 1)
    elif isinstance(value, str) and "\0" in value:
        yield f"{place}: holds a NUL character."
    elif (isinstance(value, float) and not math.isfinite(value)) or not _is_writable(value):
        yield f"{place}: {str(value)[:40]!r} cannot be written as JSON."


def _is_writable(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True


__all__ = ["MAX_DEPTH", "MAX_NODES", "read_document", "write_document"]
