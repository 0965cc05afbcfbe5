"""Live tools that a load would take away, so that somebody is asked before it does."""

from collections.abc import Iterable

from accounts.definition import Definition
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.catalogue.gate import problems_of
from tools.models import Documentation

WITHDRAWN = "the file withdraws it."
GONE = "its method is gone from the definition."


class LiveTools:
    """The tools of an integration before a load: its published records that pass the gate."""

    def __init__(self, integration: Integration, rows: Iterable[Documentation]) -> None:
        self._definition = _parsed(integration)
        # The load changes the rows themselves.
        self._before = {row.key: _copy(row) for row in rows if row.published}

    def lost(
        self, definition: Definition, rows: Iterable[Documentation], drafts: dict[str, list[str]]
    ) -> dict[str, str]:
        """Return the tools that a load would take away, by `resource.method`, each with the reason.

        `rows` are the records after it, `drafts` the gate's reasons against them.
        """
        lost: dict[str, str] = {}
        for row in rows:
            reason = _reason(definition, row, drafts)
            if reason and self._was_live(row.key):
                lost[row.key] = reason
        return lost

    def _was_live(self, key: str) -> bool:
        before = self._before.get(key)
        return before is not None and self._definition is not None and not problems_of(self._definition, before)


def _reason(definition: Definition, row: Documentation, drafts: dict[str, list[str]]) -> str:
    """Return why a record is no tool; empty if it is one."""
    if not row.published:
        return WITHDRAWN
    resource = definition.resources.get(row.resource)
    if resource is None or row.method not in resource.methods:
        return GONE
    return " ".join(drafts.get(row.key, [])[:2])


def _parsed(integration: Integration) -> Definition | None:
    try:
        return integration.parsed()
    except DefinitionInvalid:
        return None  # it has no tools


def _copy(row: Documentation) -> Documentation:
    return Documentation(resource=row.resource, method=row.method, **row.content())
