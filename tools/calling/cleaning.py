"""Clean results as their definition says: convert HTML to text, and leave out members without a value."""

from dataclasses import dataclass
from typing import Any, Self

from accounts.definition import Shaping
from tools.calling.answers.html_text import html_to_text

EMPTY: tuple[Any, ...] = (None, "", [], {})
# What has values inside; a type union would be made anew for each of thousands of members.
NESTED = (dict, list)
NESTED_TYPES = frozenset(NESTED)


@dataclass(frozen=True, slots=True)
class ResultCleaner:
    """What cleaning does: which members are HTML, and which members without a value go."""

    html: frozenset[str]
    drops_nulls: bool
    drops_empty: bool

    @classmethod
    def of(cls, shaping: Shaping) -> Self:
        return cls(frozenset(shaping.html), shaping.drop != "nothing", shaping.drop == "empty")

    @property
    def changes_nothing(self) -> bool:
        return not (self.html or self.drops_nulls)

    def clean(self, value: Any) -> Any:
        """Return a value cleaned. Members of objects may be left out, items of lists never are."""
        if isinstance(value, list):
            has_nested = not NESTED_TYPES.isdisjoint(map(type, value))
            return [self.clean(item) for item in value] if has_nested else value
        if not isinstance(value, dict):
            return value
        kept = {}
        for name, member in value.items():
            # Most members are scalars, for which a call would only take time.
            shown = self.clean(member) if isinstance(member, NESTED) else member
            if name in self.html:
                shown = as_text(shown)
            if shown is None and self.drops_nulls:
                continue
            kept[name] = shown
        return without_empty(kept) if self.drops_empty else kept


def cleaned(value: Any, shaping: Shaping) -> Any:
    """Return a value cleaned as its definition says."""
    cleaner = ResultCleaner.of(shaping)
    return value if cleaner.changes_nothing else cleaner.clean(value)


def without_empty(members: dict[str, Any]) -> dict[str, Any]:
    """Return an object without members that are null, or an empty text, list or object."""
    return {name: value for name, value in members.items() if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return any(value == empty and type(value) is type(empty) for empty in EMPTY)


def as_text(value: Any) -> Any:
    """Return HTML, or each item of a list of it, as text."""
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return html_to_text(value) if isinstance(value, str) and ("<" in value or "&" in value) else value
