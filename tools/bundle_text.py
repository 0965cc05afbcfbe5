"""Read and write the text of a bundle file: YAML, kept to what JSON can hold, with no more in it than a bundle needs.

Dates are left as the text they are written as, since JSON knows none. Aliases are taken, though not where they
multiply: a file of a few lines can stand for billions of items.
"""

import math
from collections.abc import Iterator
from typing import Any

import orjson
import yaml

from tools.errors import BundleInvalid

MAX_NODES = 200_000
MAX_DEPTH = 64
JSON_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map"))


class _Loader(yaml.SafeLoader):
    """YAML's own loader without the types that JSON has not."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {
        tag: construct
        for tag, construct in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag in JSON_TAGS
    }


def read_document(text: str) -> Any:
    """Return what the text holds; raise BundleInvalid."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is not None and _Expansion().size(node) > MAX_NODES:
                raise BundleInvalid([f"The file stands for more than {MAX_NODES} items: its aliases multiply them."])
            document = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except RecursionError:
        raise BundleInvalid(["The file is nested too deep, or an alias in it holds itself."]) from None
    except (yaml.YAMLError, ValueError, KeyError) as problem:
        raise BundleInvalid([f"The file is neither YAML nor JSON: {problem}"]) from None
    problems = list(_problems(document, "", 0))
    if problems:
        raise BundleInvalid(problems)
    return document


class _Dumper(yaml.SafeDumper):
    """YAML's own dumper, which loses nothing of a text."""


def _represented(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # YAML 1.1 takes these for line breaks, and folds them where they are not escaped.
    style = '"' if any(sign in text for sign in "\r\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represented)


def write_document(document: Any) -> str:
    """Return the text of a document, which read_document reads as it was."""
    written: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return written


class _Expansion:
    """Counts what a graph of nodes becomes when every alias is written out."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def size(self, node: yaml.Node) -> int:
        """Return the number of items below a node, itself included; raise BundleInvalid for one that holds itself."""
        if isinstance(node, yaml.ScalarNode):
            return 1
        known = self._sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in self._open:
            raise BundleInvalid([f"An alias holds itself{node.start_mark}."])
        self._open.add(id(node))
        pairs = node.value if isinstance(node, yaml.MappingNode) else [(item,) for item in node.value]
        counted = 1 + sum(self.size(item) for pair in pairs for item in pair)
        self._open.remove(id(node))
        self._sizes[id(node)] = counted
        return counted


def _problems(value: Any, place: str, depth: int) -> Iterator[str]:
    """Yield what a document holds that JSON cannot, with its place."""
    if depth > MAX_DEPTH:
        yield f"{place}: is nested deeper than {MAX_DEPTH} levels."
    elif isinstance(value, dict):
        for key, child in value.items():
            if not isinstance(key, str):
                yield f"{place or 'document'}: the key {key!r} is not text; put it in quotes."
            else:
                yield from _problems(child, f"{place}.{key}".lstrip("."), depth + 1)
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
