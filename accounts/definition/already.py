"""How an answer to a write shows that it changed nothing, since what was asked for was so already."""

from pydantic import Field, JsonValue, model_validator

from accounts.definition.parts import Code, DefinitionPart, MemberPath, Parameter, Slug


class AlreadySo(DefinitionPart):
    """The state that a write brings about, and how the vendor tells that it was there before."""

    state: Slug = Field(description="What the record is then, such as `closed`.")
    when: dict[Parameter, JsonValue] = Field(
        default_factory=dict, max_length=5, description="The arguments with which the write brings it about."
    )
    since: MemberPath | None = Field(
        None, description="The member of the answer with the moment since when it is so; one before the call tells it."
    )
    codes: list[Code] = Field(
        default_factory=list, max_length=20, description="The codes with which the vendor refuses the write then."
    )
    message: str | None = Field(
        None, min_length=4, max_length=200, description="A part of the words with which it refuses the write then."
    )

    @model_validator(mode="after")
    def _is_told_somehow(self) -> "AlreadySo":
        if not (self.since or self.codes or self.message):
            raise ValueError("needs one of since, codes and message")
        return self
