"""What an answer contains besides its items: a total, a cursor, whether there is more."""

from dataclasses import dataclass, field
from typing import Any

import jmespath
from jmespath.parser import ParsedResult

from tools.pagination.pages import PageAnswer


@dataclass(slots=True)
class Locator:
    """A place in answers: an expression in the document, or a header. Searching raises a JMESPathError."""

    expression: str | None = None
    header: str | None = None
    _compiled: ParsedResult | None = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._compiled = jmespath.compile(self.expression) if self.expression else None
        self.header = self.header.lower() if self.header else None

    @classmethod
    def of(cls, expression: str | None, header: str | None = None) -> "Locator | None":
        """Return the place that a definition declares; None if it declares none."""
        return cls(expression, header) if expression or header else None

    def value(self, answer: PageAnswer) -> Any:
        """Return the value there; None if there is none."""
        found = answer.headers.get(self.header) if self.header else None
        if found is None and self._compiled is not None:
            found = self._compiled.search(answer.document)
        return found

    def number(self, answer: PageAnswer) -> int | None:
        """Return the number there; None if there is none, or a negative one, which means `unknown`."""
        found = self.value(answer)
        if isinstance(found, str):
            # RFC 9110, section 14.4: Content-Range has the total behind its slash.
            text = (found.rpartition("/")[2] if self.header == "content-range" else found).strip()
            found = int(text) if text.isdecimal() and len(text) < 20 else None
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None

    def truth(self, answer: PageAnswer) -> bool | None:
        """Return the value there as a boolean; None if there is none."""
        found = self.value(answer)
        if isinstance(found, str):
            return found.strip().lower() not in {"", "false", "0"}
        return None if found is None else bool(found)
