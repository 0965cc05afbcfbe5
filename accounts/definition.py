"""The definition of an integration: one document that says how a vendor's API is reached and what it offers.

Read from YAML or JSON, validated here, stored as JSON on the integration. Paths and parameter names are the
vendor's own. Where a document is wrong, DefinitionInvalid lists every problem with its place.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

import inflection
import jmespath
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from accounts.errors import DefinitionInvalid

SLUG = r"^[a-z][a-z0-9_]*$"
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

Slug = Annotated[str, Field(pattern=SLUG, max_length=48)]


def _check_path(path: str) -> str:
    if set("{}") & set(PLACEHOLDER.sub("", path)):
        raise ValueError("holds a brace that is no {placeholder}")
    if {".", ".."} & set(path.split("/")):
        raise ValueError("holds a dot segment")
    return path


Path = Annotated[str, Field(pattern=r"^/[^?#\s]*$", max_length=512), AfterValidator(_check_path)]
Seconds = Annotated[int, Field(ge=1, le=31 * 86400)]


def _check_expression(expression: str) -> str:
    try:
        jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as problem:
        raise ValueError(f"is not a JMESPath expression: {problem}") from None
    return expression


Expression = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_check_expression)]


class Access(StrEnum):
    """What a method does to the vendor's data."""

    READ = "read"
    WRITE = "write"


class Part(BaseModel):
    """A part of the document: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)


class ConnectionField(Part):
    """One thing that an admin is asked for when an account is connected."""

    name: Slug
    label: str = Field(min_length=1, max_length=80)
    help: str = Field("", max_length=500)
    link: str = Field("", max_length=300, description="Where the vendor shows it; may hold {placeholders}.")
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


class ApiKeyAuthentication(Part):
    """An API key in a request header; `value` holds {placeholders} of connection fields."""

    kind: Literal["api_key"]
    header: str = Field(pattern=r"^[A-Za-z0-9-]+$", max_length=64)
    value: str = Field(pattern=r"^[\x20-\x7e]+$", max_length=200)


# More kinds join here as a union on `kind`; accounts/vendor_authentication.py says how each goes on a request.
Authentication = ApiKeyAuthentication


class ConnectionTest(Part):
    """A cheap request that only a working connection answers with a 2xx status."""

    method: Literal["GET", "POST"] = "GET"
    path: Path
    scopes: Expression | None = Field(None, description="Where the answer lists what the credentials may do.")


class OffsetPagination(Part):
    """`limit` and `offset` parameters; a page that is not full is the last."""

    kind: Literal["offset"]
    limit_parameter: str = "limit"
    offset_parameter: str = "offset"
    default_limit: int = Field(25, ge=1, le=1000)
    max_limit: int = Field(100, ge=1, le=1000)


class NoPagination(Part):
    """The vendor answers with everything at once; pages are cut from it here."""

    kind: Literal["none"]
    default_limit: int = Field(25, ge=1, le=1000)
    max_limit: int = Field(100, ge=1, le=1000)


Pagination = Annotated[OffsetPagination | NoPagination, Field(discriminator="kind")]


class RateLimit(Part):
    """In which response headers the vendor tells its limit, when it does not use the usual names."""

    limit_header: str | None = None
    remaining_header: str | None = None
    reset_header: str | None = None
    window_seconds: Seconds | None = Field(
        default=None, description="Length of the window, where no header tells the reset."
    )


class Errors(Part):
    """Where the vendor says what went wrong: a response header, or a place in the JSON body."""

    message_header: str | None = None
    code_header: str | None = None
    message: Expression | None = None
    code: Expression | None = None


class Method(Part):
    """One thing that can be done with a resource: an HTTP method and a path under the base address."""

    http: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Path
    access: Access
    body: Literal["none", "form", "json"] = "none"
    query_styles: dict[str, Literal["json", "comma", "repeat", "brackets"]] = Field(
        default_factory=dict, description="How arrays and objects go into the query; `repeat` unless told."
    )
    result: Expression | None = Field(None, description="Where the result lies in the answer; the whole unless told.")
    pagination: Pagination | None = Field(None, description="Only on lists; overrides the integration's.")
    paginated: bool | None = Field(None, description="Whether it takes limit and next_cursor; lists do.")
    destructive: bool | None = Field(None, description="Cannot be undone, or reaches a customer; DELETE is.")
    idempotent: bool | None = Field(None, description="Twice does no more than once; reads, PUT and DELETE are.")

    @property
    def path_parameters(self) -> list[str]:
        """The names of the placeholders in the path, in order."""
        return PLACEHOLDER.findall(self.path)


class Resource(Part):
    """A kind of thing that the vendor keeps, such as cases."""

    label: str = Field(min_length=1, max_length=80)
    singular: Slug | None = None
    tool_tags: list[Slug] = Field(default_factory=list)
    methods: dict[Slug, Method] = Field(min_length=1)


class Definition(Part):
    """The whole document."""

    name: Slug
    label: str = Field(min_length=1, max_length=80)
    description: str = Field("", max_length=500)
    documentation_url: str = Field("", max_length=300)
    base_url: str = Field(pattern=r"^https?://[^\s?#]+$", max_length=300)
    connection_fields: list[ConnectionField]
    authentication: Authentication
    connection_test: ConnectionTest
    pagination: Pagination
    rate_limit: RateLimit = RateLimit()
    errors: Errors = Errors()
    instructions: str = Field("", max_length=4000, description="How a model should use these tools together.")
    resources: dict[Slug, Resource] = Field(min_length=1)
    tool_tags: dict[str, list[Slug]] = Field(
        default_factory=dict, description="Tags of single methods, by `resource.method`, besides their resource's."
    )

    @model_validator(mode="after")
    def _references_exist(self) -> "Definition":
        fields = [field.name for field in self.connection_fields]
        if len(fields) != len(set(fields)):
            raise ValueError("connection_fields: two fields have the same name")
        for place, text in (("base_url", self.base_url), ("authentication.value", self.authentication.value)):
            unknown = set(PLACEHOLDER.findall(text)) - set(fields)
            if unknown:
                raise ValueError(f"{place}: {{{sorted(unknown)[0]}}} is not one of the connection fields")
        for key in self.tool_tags:
            resource, _, method = key.partition(".")
            if resource not in self.resources or method not in self.resources[resource].methods:
                raise ValueError(f"tool_tags: {key} is not a resource and method of this definition")
        return self

    def singular(self, resource: str) -> str:
        """Return the name of one thing of a resource: as declared, or by the rules of English."""
        return self.resources[resource].singular or inflection.singularize(resource)

    def tags(self, resource: str, method: str) -> tuple[str, ...]:
        """Return a method's tags: its resource's, then its own."""
        own = self.tool_tags.get(f"{resource}.{method}", [])
        return tuple(dict.fromkeys([*self.resources[resource].tool_tags, *own]))

    @property
    def secret_fields(self) -> frozenset[str]:
        """The names of the connection fields whose values are encrypted."""
        return frozenset(field.name for field in self.connection_fields if field.secret)


def parse_definition(document: object) -> Definition:
    """Return the definition that a document holds; raise DefinitionInvalid with every problem."""
    try:
        return Definition.model_validate(document)
    except ValidationError as refused:
        problems = []
        for error in refused.errors():
            place = ".".join(str(step) for step in error["loc"]) or "document"
            problems.append(f"{place}: {error['msg'].removeprefix('Value error, ')}")
        raise DefinitionInvalid(problems) from None


def definition_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document, for editors and other programs."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Definition.model_json_schema()}
