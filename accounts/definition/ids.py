"""The forms of ids: by them, an id of another kind is noticed before it is sent."""

from pydantic import Field, field_validator

from accounts.definition.parts import DefinitionPart, Parameter, Slug
from accounts.definition.patterns import PatternUnusable, matches

LONGEST_ID = 200


class IdForm(DefinitionPart):
    """What the ids of one kind of record look like, and which arguments take one."""

    pattern: str = Field(min_length=1, max_length=200, description="A regular expression that the whole id matches.")
    example: str = Field(min_length=1, max_length=60)
    resource: Slug | None = Field(None, description="The resource in whose paths {id} is such an id.")
    arguments: list[Parameter] = Field(
        default_factory=list, max_length=50, description="The arguments of any tool that take one, or a list of them."
    )

    @field_validator("pattern")
    @classmethod
    def _pattern_is_usable(cls, pattern: str) -> str:
        try:
            matches(pattern, "")
        except PatternUnusable:
            raise ValueError("is not a regular expression, or has what the engine does not know") from None
        return pattern

    def fits(self, value: str) -> bool:
        """Return whether a value looks like such an id."""
        return len(value) <= LONGEST_ID and matches(self.pattern, value.strip())
