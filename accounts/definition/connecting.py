"""What it takes to connect an account: the values that an admin enters, and the request that tests them."""

import re
from typing import Literal

from pydantic import Field, model_validator

from accounts.definition.parts import DefinitionPart, Expression, Path, Slug


class ConnectionField(DefinitionPart):
    """A value that an admin enters to connect an account."""

    name: Slug
    label: str = Field(min_length=1, max_length=80)
    help: str = Field("", max_length=500)
    link: str = Field(
        "", max_length=300, description="The page where the vendor shows the value; may contain {placeholders}."
    )
    placeholder: str = Field("", max_length=80)
    pattern: str = Field("", max_length=200, description="A regular expression that the whole value must match.")
    required: bool = True
    secret: bool = False

    @model_validator(mode="after")
    def _pattern_compiles(self) -> "ConnectionField":
        try:
            re.compile(self.pattern)
        except re.error as problem:
            raise ValueError(f"pattern is not a regular expression: {problem}") from None
        return self


class ConnectionTest(DefinitionPart):
    """A cheap request that returns a 2xx status only over a working connection."""

    method: Literal["GET", "POST"] = "GET"
    path: Path
    scopes: Expression | None = Field(None, description="Where the answer lists what the credentials may do.")
