"""The rows of the Tools tab: each method of an integration, whether it is a tool, its score and its use."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from accounts.models import IntegratedAccount
from tools.catalogue.compilation import Catalogue, DeclaredMethod, catalogue_of
from tools.catalogue.tool import Tool
from tools.documentation.verdicts import ensure_fresh
from tools.models import Documentation, State
from tools.record.usage import NEVER_USED, ToolUse, tools_used

# In the order of the filter. The quality gate and the editor decide the state of a documented method.
STATES = {
    "exposed": "Tool",
    "draft": "Draft",
    "withdrawn": "Withdrawn",
    "missing": "Not documented",
}
SHAPES = {"exposed": "live", "draft": "attention", "withdrawn": "paused", "missing": "expired"}


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One method of the definition. `name` is its tool's actual or future name; `use` covers 30 days."""

    declared: DeclaredMethod
    state: str
    name: str
    tool: Tool | None = None
    record_id: int | None = None
    score: int | None = None
    tokens: int | None = None
    use: ToolUse = NEVER_USED

    @property
    def state_words(self) -> str:
        return STATES[self.state]

    @property
    def shape(self) -> str:
        """The icon of the state."""
        return SHAPES[self.state]

    @property
    def writes(self) -> bool:
        return self.declared.method.access == "write"

    def matches(self, sought: str) -> bool:
        """Return whether the name, the key or the title contains a text, given in lower case."""
        texts = (self.name, self.declared.key, self.tool.title if self.tool else "")
        return any(sought in text.lower() for text in texts)


class RecordVerdict(NamedTuple):
    """The columns of a documentation record and its verdict that a row needs."""

    record_id: int
    state: str
    name: str
    score: int
    tokens: int | None


def rows_of(account: IntegratedAccount) -> list[ToolRow]:
    """Return every method of an account's integration, in the definition's order, with a fixed number of queries."""
    ensure_fresh()
    catalogue = catalogue_of(account.integration)
    records = Documentation.objects.filter(integration_id=account.integration_id, verdict__isnull=False)
    columns = ("resource", "method", "pk", *(f"verdict__{name}" for name in RecordVerdict._fields[1:]))
    judged = {(row[0], row[1]): RecordVerdict(*row[2:]) for row in records.values_list(*columns)}
    tools = {(tool.resource, tool.method_name): tool for tool in catalogue}
    used = tools_used(account.environment_id, account.pk)
    return [*_rows(catalogue, judged, tools, used)]


def _rows(
    catalogue: Catalogue,
    judged: dict[tuple[str, str], RecordVerdict],
    tools: dict[tuple[str, str], Tool],
    used: dict[str, ToolUse],
) -> Iterable[ToolRow]:
    for declared in catalogue.declared.values():
        place = (declared.resource, declared.name)
        tool = tools.get(place)
        if place not in judged:
            yield ToolRow(declared, "missing", declared.key)
            continue
        record = judged[place]
        name = tool.name if tool else record.name or declared.key
        # The catalogue decides, since it is what clients get.
        state = State.EXPOSED.value if tool else State.DRAFT.value if record.state == State.EXPOSED else record.state
        use = used.get(name, NEVER_USED)
        yield ToolRow(declared, state, name, tool, record.record_id, record.score, record.tokens, use)


def counts_of(rows: Iterable[ToolRow]) -> dict[str, int]:
    """Return the number of rows in each state."""
    counts = dict.fromkeys(STATES, 0)
    for row in rows:
        counts[row.state] += 1
    return counts
