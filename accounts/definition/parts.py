"""The basic types of a definition: names, paths, templates, expressions."""

import re
from typing import Annotated, Literal

import jmespath
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SLUG = r"^[a-z][a-z0-9_]*$"
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

Slug = Annotated[str, Field(pattern=SLUG, max_length=48)]
# A method by `resource.method`.
MethodKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=97)]


def _check_path(path: str) -> str:
    if set("{}") & set(PLACEHOLDER.sub("", path)):
        raise ValueError("has a brace outside a {placeholder}")
    # HTTP clients remove dot segments (RFC 3986, section 5.2.4), and would call another path.
    if {".", ".."} & set(path.split("/")):
        raise ValueError("has a dot segment")
    return path


Path = Annotated[str, Field(pattern=r"^/[^?#\s]*$", max_length=512), AfterValidator(_check_path)]
Seconds = Annotated[int, Field(ge=1, le=31 * 86400)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=64)]
# RFC 6265, section 4.1.1: the name of a cookie is a token.
CookieName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=100)]
MediaType = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$", max_length=100)]
# RFC 2045, section 6, and the other encodings of JSON Schema 2020-12, contentEncoding.
TransferEncoding = Literal["base64", "base64url", "base32", "base16", "quoted-printable"]
# Text with {placeholders} for connection fields.
Template = Annotated[str, Field(pattern=r"^[\x20-\x7e]+$", max_length=200)]
WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s#]+$", max_length=300)]
# The vendor's name of a parameter; in a JSON body, dots denote nested objects.
Parameter = Annotated[str, Field(min_length=1, max_length=100)]
# Names of members, each inside the one before.
MemberPath = Annotated[str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]

# A vendor's code of an error.
Code = Annotated[str, Field(min_length=1, max_length=100)]


def _check_expression(expression: str) -> str:
    try:
        jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as problem:
        raise ValueError(f"is not a JMESPath expression: {problem}") from None
    return expression


Expression = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_check_expression)]


class DefinitionPart(BaseModel):
    """A part of the document: immutable, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)
