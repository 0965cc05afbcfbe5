"""Facts that vendors publish about their APIs, cut down to the operations that the bundles use.

Each `published.yaml` says where its facts are from. `operations` are methods and paths with the names of their query
parameters and body members (none where nothing says them), `values` what some of these take, `pages` the parameters of
each way to page, `most` the largest values of numbers.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@dataclass(frozen=True)
class PublishedOperation:
    """What is published of one operation; `body` is None where nothing says which members a body has."""

    query: frozenset[str]
    body: frozenset[str] | None
    values: dict[str, list[Any]]


@dataclass(frozen=True)
class PublishedApi:
    """What is published of an API: its operations by `METHOD /path`, with {} for what varies in the path."""

    operations: dict[str, PublishedOperation]
    most: dict[str, int]


def operation_key(method: str, path: str) -> str:
    """Return the key of an operation."""
    return f"{method} {re.sub(r'{[^}]*}', '{}', path)}"


@lru_cache
def published(vendor: str) -> PublishedApi:
    """Read what a vendor publishes."""
    facts = yaml.safe_load((HERE / vendor / "published.yaml").read_text())
    operations = {}
    for key, told in facts["operations"].items():
        paging = [name for way in told.get("pages", []) for name in facts["pages"][way]]
        query = frozenset([*told.get("query", []), *paging])
        body = frozenset(told["body"]) if "body" in told else None
        operations[key] = PublishedOperation(query, body, facts["values"].get(key, {}))
    return PublishedApi(operations, facts["most"])
