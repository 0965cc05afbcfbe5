"""Find tool names in a record's texts that no tool has: a model would call a tool that does not exist."""

import json
import re
from collections.abc import Collection, Iterator

from accounts.definition import Definition
from tools.catalogue.naming import STANDARD
from tools.documentation.lint.findings import Finding
from tools.models import Documentation


def mention_pattern(definition: Definition) -> re.Pattern[str]:
    """Return the pattern of this integration's tool names."""
    beginnings = "|".join(sorted({pattern.partition("{")[0] for pattern in STANDARD.values()}))
    resources = "|".join(map(re.escape, sorted(definition.resources, key=len, reverse=True)))
    name = re.escape(definition.name)
    return re.compile(rf"\b(?:(?:{beginnings}){name}_[a-z0-9_]+|{name}_(?:{resources})_[a-z0-9_]+)\b")


def mentions_of(pattern: re.Pattern[str], record: Documentation) -> frozenset[str]:
    """Return the tool names that a record's texts mention."""
    schemas = json.dumps([record.query_schema, record.body_schema])
    return frozenset(pattern.findall(record.description)) | frozenset(pattern.findall(schemas))


def mention_findings(mentioned: Collection[str], known: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each mentioned tool that is not known."""
    for name in sorted(set(mentioned) - set(known)):
        yield Finding(
            "unknown-tool", "description", f"names {name}, which is not a tool at present; models would call it."
        )
