"""Judge one documentation record by itself: what the gate says, the tool it makes, what the lint says.

Works on records that are not saved. What depends on the other records of an integration is for
tools/documentation/verdicts.py.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from accounts.definition import Definition
from tools.catalogue.compilation import Tool, compile_tool
from tools.catalogue.costs import estimate_tokens
from tools.catalogue.formats import as_mcp
from tools.catalogue.gate import name_of, problems_of
from tools.catalogue.schemas import SchemaRefused
from tools.documentation.lint import Finding, mention_pattern, mentions_of, own_findings
from tools.models import Documentation

# What the gate says of these leaves the tool whole: it can be shown all the same.
SHOWN_ALL_THE_SAME = frozenset({"tool_name", "title", "description", "response_schema", "size"})
# Raise it with every change of what gate or lint find, or how a tool is made, so that records are judged anew.
RULES_VERSION = 1
TOOL_FAILURES = (SchemaRefused, RecursionError)


@dataclass(frozen=True)
class Assessment:
    """What a record comes to by itself. `tool` is None where none can be made; `judged` is whether the lint read it."""

    name: str
    problems: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    mentions: frozenset[str] = frozenset()
    tokens: int | None = None
    judged: bool = True
    tool: Tool | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {
            "name": self.name,
            "problems": list(self.problems),
            "findings": [[each.rule, each.place, each.words] for each in self.findings],
            "mentions": sorted(self.mentions),
            "tokens": self.tokens,
            "judged": self.judged,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Assessment":
        """Return what was kept."""
        return cls(
            name=kept["name"],
            problems=tuple(kept["problems"]),
            findings=tuple(Finding(*each) for each in kept["findings"]),
            mentions=frozenset(kept["mentions"]),
            tokens=kept["tokens"],
            judged=kept["judged"],
        )


def assess(definition: Definition, record: Documentation) -> Assessment:
    """Judge a record."""
    problems = problems_of(definition, record)
    if any(problem.startswith("method: the definition has no") for problem in problems):
        return Assessment(record.key, tuple(problems), judged=False)
    tool = None
    if not any(problem.partition(":")[0] not in SHOWN_ALL_THE_SAME for problem in problems):
        try:
            tool = compile_tool(definition, record)
        except TOOL_FAILURES as failure:
            problems.append(f"tool: cannot be made: {str(failure).rstrip('.') or 'nested too deep'}.")
    tokens = estimate_tokens(as_mcp(tool)) if tool else None
    return Assessment(
        name=name_of(definition, record),
        problems=tuple(problems),
        findings=tuple(own_findings(definition, record, tokens)),
        mentions=mentions_of(mention_pattern(definition), record),
        tokens=tokens,
        tool=tool,
    )


def digest_of(definition_digest: str, record: Documentation) -> str:
    """Return a digest of all that an assessment is made from."""
    made_from = [RULES_VERSION, definition_digest, record.resource, record.method, record.content_digest()]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
