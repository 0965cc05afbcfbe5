"""How well a documentation record serves a model: a score out of 100, and findings with their place and what to do.

The gate (tools/catalogue/gate.py) decides what can be a tool; the lint suggests improvements and blocks nothing.
`words`, `arguments`, `paging` and the rules here look at one record; `duplicates` and `mentions` at all of them.
The same record always gets the same findings, in the same order.
"""

from accounts.definition import Access, Definition
from tools.catalogue.costs import SERVER_TOKENS, SERVER_TOOLS
from tools.catalogue.gate import name_of
from tools.documentation.lint.arguments import argument_findings
from tools.documentation.lint.duplicates import Neighbours, Profile, profile_of
from tools.documentation.lint.examples import example_findings, example_problems
from tools.documentation.lint.findings import BEST, RULES, LintFinding, Rule, score_of
from tools.documentation.lint.hints import hint_findings
from tools.documentation.lint.mentions import mention_findings, mentions_of
from tools.documentation.lint.paging import paging_findings
from tools.documentation.lint.words import word_findings
from tools.models import Documentation

EXPENSIVE = (1_000, 2_500)


def own_findings(definition: Definition, record: Documentation, tokens: int | None) -> list[LintFinding]:
    """Return the findings on a record by itself; its method must be in the definition."""
    method = definition.resources[record.resource].methods[record.method]
    found = [*word_findings(definition, record, name_of(definition, record))]
    found += argument_findings(definition, record)
    found += paging_findings(definition, record)
    found += hint_findings(definition, record)
    if method.access is Access.READ and not (
        record.response_schema or method.counts or method.composite or method.attachments_of
    ):
        found.append(
            LintFinding(
                "response-undocumented", "response_schema", "is empty; describe the result, or one item of a list."
            )
        )
    for limit in EXPENSIVE:
        if tokens is not None and tokens > limit:
            found.append(
                LintFinding(
                    "tokens",
                    "size",
                    f"is about {tokens:,} tokens in every conversation, above {limit:,}. Shorten the descriptions "
                    "of arguments, or leave out arguments that are rarely needed.",
                )
            )
    return found


def server_findings(tools: int, tokens: int) -> list[str]:
    """Return the findings on a server with this many tools and tokens; filters can reduce both."""
    found = []
    if tools > SERVER_TOOLS:
        found.append(
            f"{tools} tools are more than the {SERVER_TOOLS} that clients handle well. Give servers fewer by tags "
            "or methods, or turn on their search mode."
        )
    if tokens > SERVER_TOKENS:
        found.append(
            f"About {tokens:,} tokens for all tools are more than the {SERVER_TOKENS:,} that clients handle "
            "well. Shorten the most expensive ones, give servers fewer by tags or methods, or turn on their search "
            "mode."
        )
    return found


__all__ = [
    "BEST",
    "RULES",
    "LintFinding",
    "Neighbours",
    "Profile",
    "Rule",
    "example_findings",
    "example_problems",
    "mention_findings",
    "mentions_of",
    "own_findings",
    "profile_of",
    "score_of",
    "server_findings",
]
