"""Find tools by words: the index of an integration's tools, compiled once per revision and kept in the process."""

from collections.abc import Iterable
from functools import partial
from importlib import import_module
from typing import Protocol

from accounts.caches.shared_values import SharedValues
from accounts.models import Integration
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.tool import Tool

MAX_QUERY = 400


class ToolFinder(Protocol):
    """An index of tools; `weight` is roughly its size in bytes."""

    weight: int

    def find(self, words: str) -> list[str]:
        """Return the names of the tools that match any of the words, best first."""


_indexes: SharedValues[ToolFinder] = SharedValues("index", lambda index: index.weight, kept=True)


def index_of(integration: Integration) -> ToolFinder:
    """Return the index of an integration's tools at its revision, compiled on first use."""
    return _indexes.get(integration.pk, integration.revision, partial(_compiled, integration))


def _compiled(integration: Integration) -> ToolFinder:
    return index_over(catalogue_of(integration))


def index_over(tools: Iterable[Tool]) -> ToolFinder:
    """Return an index of these tools, which is kept nowhere."""
    # Imported here, since the library takes some megabytes, and only servers in search mode need it.
    finder: ToolFinder = import_module("tools.search.index").ToolIndex(tools)
    return finder
