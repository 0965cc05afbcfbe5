"""The definition document.

It is read from YAML or JSON, validated here, and stored as JSON on the integration. Paths and parameter names are the
vendor's own. DefinitionInvalid lists every problem of a document with its place.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal

import inflection
from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from accounts.definition.attachments import Attachments
from accounts.definition.authentication import Authentication
from accounts.definition.lookups import Lookup
from accounts.definition.methods import Access, Method, Resource, Shaping
from accounts.definition.pagination import Pagination
from accounts.definition.parts import PLACEHOLDER, Code, DefinitionPart, Expression, HeaderName, Path, Seconds, Slug
from accounts.definition.prompts import Prompt
from accounts.definition.reserved import is_steering_header
from accounts.definition.searching import Searchable
from accounts.definition.web_pages import WebPage, web_page_problems
from accounts.errors import DefinitionInvalid
from accounts.texts.nearest import nearest

logger = logging.getLogger(__name__)

MAX_PROBLEMS = 100
# pydantic puts the kind (the union's tag) after these in the location of a problem.
IN_KINDS = frozenset({"authentication", "pagination"})

# Cached, because each compiled or judged tool needs it.
_singularize = lru_cache(maxsize=4096)(inflection.singularize)


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


class RateLimit(DefinitionPart):
    """The response headers that report the vendor's limit, if they have unusual names."""

    limit_header: str | None = None
    remaining_header: str | None = None
    reset_header: str | None = None
    window_seconds: Seconds | None = Field(
        default=None, description="Length of the window, if no header reports its reset."
    )


class Errors(DefinitionPart):
    """Where the vendor reports errors: in a response header or in the JSON body."""

    failed: Expression | None = Field(
        default=None, description="True in an answer that reports a failure despite a success status."
    )
    message_header: str | None = None
    code_header: str | None = None
    message: Expression | None = None
    code: Expression | None = None
    credential_codes: list[Code] = Field(
        default_factory=list,
        max_length=20,
        description="Codes with which the vendor refuses an account's credentials under another 4xx status than 401.",
    )


class Definition(DefinitionPart):
    """The definition of one integration."""

    name: Slug
    label: str = Field(min_length=1, max_length=80)
    description: str = Field("", max_length=500)
    documentation_url: str = Field("", max_length=300)
    base_url: str = Field(pattern=r"^https?://[^\s?#]+$", max_length=300)
    connection_fields: list[ConnectionField]
    authentication: Authentication
    headers: dict[HeaderName, str] = Field(
        default_factory=dict, description="Sent with every request, such as an API version; not for secrets."
    )
    connection_test: ConnectionTest
    pagination: Pagination
    rate_limit: RateLimit = RateLimit()
    errors: Errors = Errors()
    shaping: Shaping = Shaping()
    instructions: str = Field("", max_length=4000, description="How a model should use these tools together.")
    resources: dict[Slug, Resource] = Field(min_length=1)
    lookups: dict[Slug, Lookup] = Field(
        default_factory=dict, max_length=20, description="Small lists by which ids have names, each by its singular."
    )
    attachments: Attachments | None = Field(None, description="The files that records hold.")
    prompts: dict[Slug, Prompt] = Field(
        default_factory=dict, max_length=50, description="Tasks for the menus of clients, by name."
    )
    app_url: WebPage | None = Field(
        None,
        description="Where people use the vendor's product: the `url` of found records that have no page of their own.",
    )
    tool_tags: dict[str, list[Slug]] = Field(
        default_factory=dict,
        description="Tags of single methods, by `resource.method`, in addition to their resource's.",
    )

    @model_validator(mode="after")
    def _references_exist(self) -> "Definition":
        fields = [field.name for field in self.connection_fields]
        if len(fields) != len(set(fields)):
            raise ValueError("connection_fields: two fields have the same name")
        for name in self.headers:
            if is_steering_header(name):
                raise ValueError(f"headers: {name} would steer requests elsewhere than the definition says")
        templates = {"base_url": self.base_url}
        templates |= {f"authentication.{name}": text for name, text in self.authentication.templates.items()}
        for place, text in templates.items():
            unknown = set(PLACEHOLDER.findall(text)) - set(fields)
            if unknown:
                raise ValueError(f"{place}: {{{sorted(unknown)[0]}}} is not one of the connection fields")
        for resource, held in self.resources.items():
            if "list" in held.methods and held.methods["list"].history:
                raise ValueError(f"resources.{resource}.methods.list.history: a list of records has no history")
        for place, keys in self._named_methods():
            for key in keys:
                if self.method(key) is None:
                    raise ValueError(f"{place}: {key} is not a resource and method of this definition")
        return self

    @model_validator(mode="after")
    def _web_pages_are_known(self) -> "Definition":
        fields = {field.name for field in self.connection_fields}
        for name in PLACEHOLDER.findall(self.app_url or ""):
            if name not in fields:
                raise ValueError(f"app_url: {{{name}}} is not one of the connection fields")
        pages = {f"resources.{name}.record_url": held.record_url for name, held in self.resources.items()}
        for place, template in {"app_url": self.app_url, **pages}.items():
            for problem in web_page_problems(template or "", fields, self.secret_fields):
                raise ValueError(f"{place}: {problem}")
        for place, template in pages.items():
            if template and sum(name not in fields for name in PLACEHOLDER.findall(template)) != 1:
                raise ValueError(f"{place}: needs exactly one {{placeholder}} that is a member of the record")
        return self

    @model_validator(mode="after")
    def _records_can_be_found(self) -> "Definition":
        for name, held in self.resources.items():
            for method, declared in held.methods.items():
                if declared.records and declared.records not in self.resources:
                    raise ValueError(f"resources.{name}.methods.{method}.records: {declared.records} is no resource")
            if held.searchable:
                self._check_searchable(f"resources.{name}.searchable", held.searchable)
        return self

    def _check_searchable(self, place: str, searchable: Searchable) -> None:
        if not self.app_url:
            raise ValueError(f"{place}: app_url is needed, for records without a page of their own")
        for key in searchable.methods:
            resource, _, method = key.partition(".")
            declared = self.resources[resource].methods[method]
            if declared.access is not Access.READ or declared.answer != "json":
                raise ValueError(f"{place}: {key} is no method that reads and answers with JSON")
            if key == searchable.read and len(declared.path_parameters) != 1:
                raise ValueError(f"{place}.read: the path of {key} needs exactly one placeholder, for the id")

    @model_validator(mode="after")
    def _attachments_are_those_of_reads(self) -> "Definition":
        for place, method in self._methods():
            if method.attachments_of and self.attachments is None:
                raise ValueError(f"{place}.attachments_of: the definition has no `attachments`")
            for key in method.attachments_of:
                if problem := self._why_no_record(key, len(method.path_parameters)):
                    raise ValueError(f"{place}.attachments_of: {problem}")
        return self

    def _why_no_record(self, key: str, placeholders: int) -> str:
        """Return why a method does not read the records of a download; empty if it does."""
        read = self.method(key)
        if read is None or read.http != "GET" or read.access is Access.WRITE or read.answer != "json":
            return f"{key} does not read records in JSON with a GET"
        if read.counts or read.attachments_of or read.composite:
            return f"{key} shows no records itself"
        is_other = len(read.path_parameters) != placeholders
        return f"the path of {key} has another number of placeholders" if is_other else ""

    @model_validator(mode="after")
    def _composites_call_reads(self) -> "Definition":
        for place, method in self._methods():
            for key in method.composite.methods if method.composite else ():
                if problem := self._why_no_step(key):
                    raise ValueError(f"{place}.composite: {key} {problem}")
        return self

    def _why_no_step(self, key: str) -> str:
        """Return why a composite may not call a method; empty if it may."""
        method = self.method(key)
        if method is None:
            return "is not a resource and method of this definition"
        if method.access is Access.WRITE:
            return "writes, and a composite only reads"
        if method.composite or method.counts or method.attachments_of:
            kind = "composite itself" if method.composite else "count" if method.counts else "download"
            return f"is a {kind}; name a read of records"
        return "" if method.answer == "json" else f"answers with {method.answer}, and steps need records in JSON"

    def _methods(self) -> Iterator[tuple[str, Method]]:
        """Yield every method with its place."""
        for resource, held in self.resources.items():
            yield from ((f"resources.{resource}.methods.{name}", method) for name, method in held.methods.items())

    def _named_methods(self) -> Iterator[tuple[str, Iterable[str]]]:
        """Yield the places that name methods as `resource.method`, and which they name."""
        yield "tool_tags", self.tool_tags
        yield from ((f"lookups.{name}", [lookup.method]) for name, lookup in self.lookups.items())
        for name, held in self.resources.items():
            yield f"resources.{name}.searchable", held.searchable.methods if held.searchable else ()
        yield from ((f"prompts.{name}.tools", prompt.tools) for name, prompt in self.prompts.items())
        yield from ((f"{place}.attachments_of", method.attachments_of) for place, method in self._methods())

    def method(self, key: str) -> Method | None:
        """Return a method by `resource.method`; None if there is none."""
        resource, _, name = key.partition(".")
        return self.resources[resource].methods.get(name) if resource in self.resources else None

    def singular(self, resource: str) -> str:
        """Return a resource's singular: the declared one, or the one inflected by the rules of English."""
        return self.resources[resource].singular or _singularize(resource)

    def tags(self, resource: str, method: str) -> tuple[str, ...]:
        """Return a method's tags without duplicates: its resource's, then its own."""
        own = self.tool_tags.get(f"{resource}.{method}", [])
        return tuple(dict.fromkeys([*self.resources[resource].tool_tags, *own]))

    @property
    def secret_fields(self) -> frozenset[str]:
        return frozenset(field.name for field in self.connection_fields if field.secret)


def read_stored_definition(document: object) -> Definition:
    """Read a document that this release or another one has stored; raise DefinitionInvalid as parse_definition does.

    Keys that only a later release knows have no effect here: during a rolling upgrade, and after a return to this
    release, its tools go on.
    """
    try:
        return Definition.model_validate(document)
    except ValidationError as refused:
        errors = refused.errors(include_url=False, include_input=False)
        if {error["type"] for error in errors} != {"extra_forbidden"}:
            raise _invalid(refused) from None
        unknown = sorted({".".join(_steps(error["loc"])) for error in errors})
    try:
        definition = Definition.model_validate(document, extra="ignore")
    except ValidationError as refused:
        raise _invalid(refused) from None
    logger.warning(
        "the definition of %s has keys of a later release, which have no effect here: %s",
        definition.name,
        ", ".join(unknown[:MAX_PROBLEMS]),
    )
    return definition


def parse_definition(document: object) -> Definition:
    """Validate a document that somebody wrote; raise DefinitionInvalid with up to MAX_PROBLEMS problems."""
    try:
        return Definition.model_validate(document)
    except ValidationError as refused:
        raise _invalid(refused) from None


def _invalid(refused: ValidationError) -> DefinitionInvalid:
    problems = []
    for error in refused.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]:
        place = ".".join(_steps(error["loc"])) or "document"
        problems.append(f"{place}: {_words(error)}")
    if refused.error_count() > MAX_PROBLEMS:
        problems.append(f"document: {refused.error_count() - MAX_PROBLEMS} more problems; fix these first")
    return DefinitionInvalid(problems)


def _words(error: ErrorDetails) -> str:
    """Return what is wrong; for an unknown key, with the known one that was probably meant."""
    if error["type"] != "extra_forbidden":
        # pydantic puts this before the message of a ValueError.
        return error["msg"].removeprefix("Value error, ")
    meant = nearest(str(error["loc"][-1]), _known_keys(), cutoff=0.6)
    return f"is not a known key{f'; did you mean {meant}?' if meant else '.'}"


@lru_cache(maxsize=1)
def _known_keys() -> list[str]:
    """Return the keys of all parts of a definition."""
    schema = Definition.model_json_schema()
    return sorted({key for part in [schema, *schema["$defs"].values()] for key in part.get("properties", {})})


def _steps(location: tuple[int | str, ...]) -> Iterator[str]:
    """Yield the steps of a location as its author knows it, without the kinds that pydantic adds."""
    before: int | str = ""
    for step in location:
        if before not in IN_KINDS:
            yield str(step)
        before = step


def definition_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a definition, for editors and other programs."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Definition.model_json_schema()}
