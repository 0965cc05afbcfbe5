"""Find tool names in a record's texts that no tool has: a model would call a tool that does not exist."""

import json
import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from accounts.definition import Definition
from tools.catalogue.naming import STANDARD
from tools.documentation.lint.findings import LintFinding
from tools.models import Documentation


def mentions_of(definition: Definition, record: Documentation) -> frozenset[str]:
    """Return the names of tools, existing or not, that a record's texts mention."""
    pattern = _pattern(definition.name, tuple(definition.resources))
    schemas = json.dumps([record.query_schema, record.body_schema])
    return frozenset(pattern.findall(record.description)) | frozenset(pattern.findall(schemas))


@lru_cache(maxsize=8)  # all records of an integration are judged in turn
def _pattern(integration: str, resources: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern of an integration's tool names."""
    beginnings = "|".join(sorted({pattern.partition("{")[0] for pattern in STANDARD.values()}))
    named = "|".join(map(re.escape, sorted(resources, key=len, reverse=True)))
    name = re.escape(integration)
    return re.compile(rf"\b(?:(?:{beginnings}){name}_[a-z0-9_]+|{name}_(?:{named})_[a-z0-9_]+)\b")


def mention_findings(unknown: Collection[str]) -> Iterator[LintFinding]:
    """Yield a finding for each mentioned tool that there is not."""
    for name in sorted(unknown):
        yield LintFinding(
            "unknown-tool", "description", f"names {name}, which is not a tool at present; models would call it."
        )
