"""Lint what a definition declares of a method's effect, against what the record's words say that it does."""

from collections.abc import Iterator

from accounts.definition import Access, Definition, Method
from tools.catalogue.gate import is_paginated
from tools.catalogue.naming import STANDARD
from tools.documentation.lint.findings import LintFinding
from tools.documentation.lint.words import is_destructive
from tools.effects import Effect, effect_of, reads_by_name
from tools.models import Documentation

SAFE = frozenset({"GET", "QUERY"})


def hint_findings(definition: Definition, record: Documentation) -> Iterator[LintFinding]:
    """Yield where access, `destructive` and paging differ from the words of method and title."""
    method = definition.resources[record.resource].methods[record.method]
    # The standard names say what a method is, not what an editor says that it does.
    names = [] if record.method in STANDARD else [record.method]
    said = effect_of(method.http, method.path, *names, record.title)
    if method.access is Access.READ:
        yield from _read_findings(definition, record, method, said)
    elif said.is_grave and not is_destructive(method) and method.destructive is None:
        what = "takes something away for good" if said.destroys else "reaches a person or moves money"
        yield LintFinding(
            "destructive-undeclared",
            "destructive",
            f"is not declared, and the words say that it {what}. Say destructive: true in the definition, so that "
            "clients ask first; or destructive: false if the words mislead.",
        )


def _read_findings(
    definition: Definition, record: Documentation, method: Method, said: Effect
) -> Iterator[LintFinding]:
    if method.http in SAFE and said.changes:
        yield LintFinding(
            "read-changes",
            "access",
            f"is read, and the words say that {method.http} {method.path} changes something. Say access: write, so "
            "that clients ask first and the call is recorded before it is sent.",
        )
    elif (
        method.http not in SAFE
        and is_paginated(definition, record.resource, record.method)
        and not reads_by_name(method.path.rpartition("/")[2])
    ):
        yield LintFinding(
            "read-pages-by-post",
            "access",
            f"is read, so each further page sends {method.http} {method.path} again. Make sure that this changes "
            "nothing; if it does, say access: write.",
        )
