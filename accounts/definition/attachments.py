"""Attachments: the files that a vendor keeps with its records, and what their members are called."""

from pydantic import Field

from accounts.definition.parts import DefinitionPart, MemberPath, Parameter, Path


class Attachments(DefinitionPart):
    """Where records hold files. A result shows each with its id, name, media type and size instead of its address."""

    members: list[Parameter] = Field(
        min_length=1, max_length=20, description="The members, at any depth of a record, that are lists of files."
    )
    id: MemberPath | None = Field(
        None, description="A file's own id; where the vendor gives none, one is derived from its address."
    )
    name: MemberPath = "name"
    media_type: MemberPath = "content_type"
    size: MemberPath = Field("size", description="Its size in bytes.")
    url: MemberPath = Field("url", description="Where it is downloaded.")
    credentials_below: Path | None = Field(
        None,
        description="The beginning of the path of files that take the account's credentials, at its own origin. No "
        "other address ever gets them, and by default none does.",
    )
