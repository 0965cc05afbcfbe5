"""The forms of ids: by them, an id of another kind is noticed before it is sent."""

import re

from pydantic import Field, field_validator

from accounts.definition.parts import DefinitionPart, Parameter, Slug


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
    def _pattern_compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as problem:
            raise ValueError(f"is not a regular expression: {problem}") from None
        return pattern
