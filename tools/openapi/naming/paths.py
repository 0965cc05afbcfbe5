"""Paths of a description: in a definition's form, and split into segments for naming."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tools.openapi.errors import OperationRefused
from tools.openapi.naming.texts import words_of
from tools.openapi.reading.operations import Parameter

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
VERSION = re.compile(r"v?\d+(?:[._-]\d+)*(?:(?:alpha|beta|rc|p)\d*)*|v\d+[a-z]+\d*", re.IGNORECASE)
HEADS = frozenset({"api", "apis", "rest", "latest", "restapi"})
SUFFIXES = (".json", ".xml", ".yaml", ".csv")
MAX_PATH = 512


@dataclass(frozen=True)
class Template:
    """A path in a definition's form, with the vendor's parameter for each placeholder, and its query's constants."""

    path: str
    placeholders: dict[str, str]
    constants: dict[str, str]


@dataclass(frozen=True)
class Node:
    """A segment of a path: its words, or a parameter; a procedure is what follows a dot or colon, as in `chat.post`."""

    words: tuple[str, ...] = ()
    is_parameter: bool = False
    is_procedure: bool = False


def template_of(path: str, parameters: list[Parameter]) -> Template:
    """Return a path in a definition's form; raise OperationRefused.

    Placeholders get names that a definition accepts. The part after `?` becomes constant parameters; the part after
    `#`, by which some descriptions distinguish operations on one path, is dropped.
    """
    bare, _, query = path.partition("#")[0].partition("?")
    placeholders: dict[str, str] = {}

    def placed(found: re.Match[str]) -> str:
        # Google's and gateways' templates: {name=projects/*}, {proxy+}, {?page}, {path*}.
        written = found[1].partition("=")[0].strip("+*?/;#. ")
        name = _placeholder(written, placeholders)
        placeholders[name] = found[1] if any(each.name == found[1] for each in parameters) else written
        return "{" + name + "}"

    made = "/" + PLACEHOLDER.sub(placed, bare).lstrip("/")
    if {"{", "}"} & set(PLACEHOLDER.sub("", made)) or re.search(r"\s", made):
        raise OperationRefused("its path has a brace or a space that belongs to no parameter")
    if {".", ".."} & set(made.split("/")) or "//" in made or len(made) > MAX_PATH:
        raise OperationRefused("its path has an empty or a dot segment, or is longer than a definition takes")
    if "{" in query:
        raise OperationRefused("its path has parameters after a question mark")
    return Template(made, placeholders, dict(parse_qsl(query, keep_blank_values=True)))


def _placeholder(written: str, taken: dict[str, str]) -> str:
    name = written if PLAIN.fullmatch(written) else re.sub(r"[^A-Za-z0-9_]+", "_", written).strip("_") or "id"
    name = name if PLAIN.fullmatch(name) else f"p_{name}"
    while taken.get(name, written) != written:
        name += "_"
    return name


def recognised(http: str, path: str) -> str:
    """Return the key by which an operation is recognised: its path, whatever its placeholders are called."""
    return f"{http} {PLACEHOLDER.sub('{}', path)}"


def nodes_of(path: str) -> tuple[Node, ...]:
    """Return the segments that say what a path is about, without versions and a leading `api`."""
    made: list[Node] = []
    for segment in path.partition("#")[0].partition("?")[0].split("/"):
        made += _segment_nodes(segment, at_head=not made)
    return tuple(made)


def _segment_nodes(segment: str, *, at_head: bool) -> list[Node]:
    for suffix in SUFFIXES:
        segment = segment.removesuffix(suffix)
    if not segment or VERSION.fullmatch(segment) or (at_head and segment.lower() in HEADS):
        return []
    if "{" not in segment:
        # Remote procedures, as in `/chat.postMessage`: the part before the dot is the resource.
        parts = segment.split(".") if "." in segment and not segment.startswith(".") else re.split(r":", segment)
        named = [tuple(words_of(part)) for part in parts if words_of(part)]
        return [Node(words, is_procedure=place > 0 and place + 1 == len(named)) for place, words in enumerate(named)]
    tail = words_of(segment.rpartition("}")[2])
    head = words_of(segment.partition("{")[0])
    made = [Node(is_parameter=True)]
    if head:
        made.insert(0, Node(tuple(head)))
    return [*made, Node(tuple(tail), is_procedure=True)] if tail else made
