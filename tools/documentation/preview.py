"""A documentation record as a model would see it: the tool it makes, what that costs, what prevents it.

Unsaved records work too, so that an editor sees the effect of a change before making it.
"""

from dataclasses import dataclass, field
from typing import Any

from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.catalogue.formats import as_mcp
from tools.catalogue.tool import Tool
from tools.documentation.assessment import assess
from tools.documentation.lint import LintFinding, score_of
from tools.documentation.verdicts import other_records_of, state_of
from tools.models import Documentation, State

EXPOSED, DRAFT, WITHDRAWN = State.EXPOSED.value, State.DRAFT.value, State.WITHDRAWN.value


@dataclass(frozen=True)
class Preview:
    """A record's tool, or the reasons why it makes none.

    `listed` is the tool as MCP lists it, None if it cannot be made; `score` is None if there is nothing to judge.
    """

    state: str
    name: str
    reasons: tuple[str, ...] = ()
    listed: dict[str, Any] | None = None
    tokens: int | None = None
    score: int | None = None
    findings: tuple[LintFinding, ...] = ()
    tool: Tool | None = field(default=None, repr=False, compare=False)


def preview_of(record: Documentation, also: tuple[str, ...] = ()) -> Preview:
    """Return the preview of a record's values in memory; `also` are further known problems."""
    try:
        definition = record.integration.parsed()
    except Integration.DoesNotExist:  # a new record without an integration yet
        return Preview(DRAFT, "", also)
    except DefinitionInvalid as invalid:
        return Preview(DRAFT, record.key, (*also, *(f"definition: {problem}" for problem in invalid.problems)))
    own = assess(definition, record)
    around = other_records_of(record.integration, definition)
    problems = (*also, *own.problems, *around.problems(definition, record, own))
    findings = (*own.findings, *around.findings(definition, record, own))
    shown = own.tool is not None
    return Preview(
        state=DRAFT if problems else state_of(record, ()).value,
        name=own.name if shown else record.key,
        reasons=problems,
        listed=as_mcp(own.tool) if own.tool else None,
        tokens=own.tokens,
        score=score_of(findings) if own.judged else None,
        findings=findings,
        tool=own.tool,
    )


def stored_preview(record: Documentation) -> Preview:
    """Return the preview of a saved record from the verdict that `ensure_fresh` stored; compile nothing."""
    verdict = getattr(record, "verdict", None)
    if verdict is None:
        return Preview(DRAFT, record.key, ("This record has not been judged yet; load the page again.",))
    return Preview(
        state=verdict.state,
        name=verdict.name,
        reasons=tuple(verdict.problems),
        tokens=verdict.tokens if verdict.state == EXPOSED else None,
        score=verdict.score,
        findings=tuple(LintFinding(*each) for each in verdict.findings),
    )
