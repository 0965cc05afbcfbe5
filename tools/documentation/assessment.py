"""Judge one documentation record by itself: the gate's problems, the tool it makes, the lint's findings.

Unsaved records work too. What depends on an integration's other records is judged in
tools/documentation/verdicts.py.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from accounts.definition import Definition
from tools.catalogue.compilation import compile_tool
from tools.catalogue.costs import estimate_tokens
from tools.catalogue.formats import as_mcp
from tools.catalogue.gate import name_of, problems_of
from tools.catalogue.schemas.json_schemas import SchemaRefused
from tools.catalogue.tool import Tool
from tools.documentation.lint import LintFinding, example_findings, mentions_of, own_findings
from tools.models import Documentation

# A record with problems in these places alone still makes a tool that can be shown.
SHOWN_ALL_THE_SAME = frozenset({"tool_name", "title", "description", "response_schema", "examples", "size"})
# Raise it with every change to what gate or lint find or how a tool is made, so that records are judged again.
RULES_VERSION = 9
TOOL_FAILURES = (SchemaRefused, RecursionError)


@dataclass(frozen=True)
class Assessment:
    """The judgement of a record by itself. `tool` is None if none can be made; `judged` says if the lint read it."""

    name: str
    problems: tuple[str, ...] = ()
    findings: tuple[LintFinding, ...] = ()
    mentions: frozenset[str] = frozenset()
    tokens: int | None = None
    judged: bool = True
    tool: Tool | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the form in which it is stored."""
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
        return cls(
            name=kept["name"],
            problems=tuple(kept["problems"]),
            findings=tuple(LintFinding(*each) for each in kept["findings"]),
            mentions=frozenset(kept["mentions"]),
            tokens=kept["tokens"],
            judged=kept["judged"],
        )


def assess(definition: Definition, record: Documentation) -> Assessment:
    """Judge a record; one whose method the definition lacks is not linted."""
    problems = problems_of(definition, record)
    # Neither a tool nor the lint can do without the method.
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
        findings=(*own_findings(definition, record, tokens), *(example_findings(tool) if tool else ())),
        mentions=mentions_of(definition, record),
        tokens=tokens,
        tool=tool,
    )


def digest_of(definition_digest: str, record: Documentation) -> str:
    """Return a digest of everything that an assessment depends on."""
    made_from = [RULES_VERSION, definition_digest, record.resource, record.method, record.content_digest()]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
