"""Methods of a vendor's resources: HTTP method and path, and how arguments and answers are transferred."""

from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue, model_validator

from accounts.definition.already import AlreadySo
from accounts.definition.composites import Composite
from accounts.definition.pagination import Pagination
from accounts.definition.parts import (
    PLACEHOLDER,
    CookieName,
    DefinitionPart,
    Expression,
    HeaderName,
    MediaType,
    MemberPath,
    Parameter,
    Path,
    Slug,
    TransferEncoding,
    UriTemplate,
)
from accounts.definition.searching import Searchable
from accounts.definition.web_pages import WebPage

# How an array or object is written into a query string, form, header or cookie.
QueryStyle = Literal[
    "repeat", "comma", "space", "pipe", "tab", "pairs", "brackets", "indices", "dots", "members", "json"
]
# How a value is written into the path (OpenAPI 3.1, Style Examples).
PathStyle = Literal[
    "comma", "space", "pipe", "tab", "pairs", "label", "label_exploded", "matrix", "matrix_exploded", "json"
]
# What a successful answer contains.
AnswerKind = Literal["json", "text", "html", "file"]
# All that a composite is declared with: its steps have the requests.
OF_A_COMPOSITE = frozenset({"composite", "access"})


class Access(StrEnum):
    """What a method does to the vendor's data."""

    READ = "read"
    WRITE = "write"


class Shaping(DefinitionPart):
    """Changes to a result before a model reads it."""

    drop: Literal["nothing", "nulls", "empty"] = Field(
        default="nothing",
        description="Leave out members that are null, or also those that are empty strings, lists or objects.",
    )
    html: list[str] = Field(
        default_factory=list,
        max_length=50,
        description="Names of members, at any depth, whose HTML is converted to text.",
    )


class RecordHistory(DefinitionPart):
    """The list inside a record that grows with time, such as the entries of a case or the messages of a chat."""

    path: MemberPath = Field(description="Where it is in the result: member names, with dots between them.")
    newest: Literal["first", "last"] = Field("last", description="At which end of it the newest entry is.")
    joins_pages: bool = Field(
        default=False,
        description="The result is the history itself, a list in pages: they are joined here, and `path` is its name.",
    )

    @model_validator(mode="after")
    def _joined_pages_have_a_name(self) -> "RecordHistory":
        if self.joins_pages and "." in self.path:
            raise ValueError("path: joined pages are one member of the result, whose name has no dot")
        return self


class Group(DefinitionPart):
    """What a count tells apart the items of a list by: a member of each item."""

    member: MemberPath
    kind: Literal["value", "each", "date"] = Field(
        "value", description="Its value, each entry of its list, or its date: by day, week and month."
    )


class Method(DefinitionPart):
    """One operation on a resource: an HTTP method and a path under the base URL, or a composite of other reads."""

    # Only a composite leaves them out; nothing reads its own.
    http: Literal["GET", "QUERY", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: Path = "/"
    access: Access
    body: Literal["none", "form", "json", "multipart", "raw"] = "none"
    body_parameter: Parameter | None = Field(
        None, description="The property of body_schema that is the whole body: a raw one, or a JSON array."
    )
    body_media_type: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(?:; ?[A-Za-z0-9_.-]+=(?:[A-Za-z0-9_.+-]+"
        r"|\"[\x20\x21\x23-\x5b\x5d-\x7e]+\"))*$",
        max_length=100,
        description="The media type of a raw body, or of JSON if it is not application/json; with any parameters.",
    )
    body_root: Parameter | None = Field(None, description="The member of the JSON body that all properties go into.")
    optional_body: bool = Field(
        default=False,
        description="A call without any property of body_schema sends no body, even if some of them are required.",
    )
    part_types: dict[Parameter, MediaType] = Field(
        default_factory=dict, description="The media types of the parts of a multipart body that need one, by property."
    )
    part_encodings: dict[Parameter, TransferEncoding] = Field(
        default_factory=dict,
        description="The Content-Transfer-Encoding of the parts of a multipart body that have one, by property.",
    )
    parameter_names: dict[Parameter, Parameter] = Field(
        default_factory=dict,
        description="What the vendor calls the parameters of query_schema whose property has another name.",
    )
    path_styles: dict[Parameter, PathStyle] = Field(
        default_factory=dict, description="How values are written into the path; `comma` by default."
    )
    encoded_slashes: list[Parameter] = Field(
        default_factory=list,
        description="Placeholders of the path whose value may contain slashes, which are sent as %2F.",
    )
    reserved_characters: list[Parameter] = Field(
        default_factory=list,
        description="Parameters of the query in which reserved characters such as / and : are sent as they are.",
    )
    query_styles: dict[str, QueryStyle] = Field(
        default_factory=dict,
        description="How arrays and objects are written; into query and forms, `repeat` by default.",
    )
    header_parameters: dict[str, HeaderName] = Field(
        default_factory=dict,
        description="Properties of query_schema that are sent as a request header, with the header's name.",
    )
    cookie_parameters: dict[str, CookieName] = Field(
        default_factory=dict,
        description="Properties of query_schema that are sent as a cookie, with the cookie's name.",
    )
    fixed_query: dict[Parameter, str] = Field(
        default_factory=dict, max_length=50, description="Query parameters that are sent with every call."
    )
    fixed_body: dict[Parameter, JsonValue] = Field(
        default_factory=dict,
        max_length=50,
        description="Members of a JSON body, or fields of a form, that are sent with every call.",
    )
    uri: UriTemplate | None = Field(
        None,
        description="The address by which clients read it as a resource, with {arguments}; a `get` has one by default.",
    )
    answer: AnswerKind = Field("json", description="What a successful answer contains.")
    accept: str | None = Field(
        None,
        pattern=r"^[\x20-\x7e]+$",
        max_length=300,
        description="The media types to ask for, if the vendor has none of the usual ones.",
    )
    result: Expression | None = Field(
        None, description="Where the result is in the answer; the whole answer by default."
    )
    pagination: Pagination | None = Field(None, description="For lists only; overrides the integration's.")
    paginated: bool | None = Field(
        None, description="Whether it takes limit and next_cursor; by default, lists that only read do."
    )
    shaping: Shaping | None = Field(None, description="Overrides the integration's.")
    history: RecordHistory | None = Field(
        None, description="For a read of one record: its history, of which a call may ask for the newest entries."
    )
    counts: dict[Slug, Group] = Field(
        default_factory=dict,
        max_length=20,
        description="Makes it a count: its list is walked here, and the numbers of items by these groups are returned.",
    )
    composite: Composite | None = Field(
        None, description="Instead of a request of its own: reads of other methods, which are shown together."
    )
    attachments_of: list[str] = Field(
        default_factory=list,
        max_length=5,
        description="Makes it a download of one file of a record: the reads, as `resource.method`, whose answers have "
        "the files. Their placeholders are filled with its own, in their order.",
    )
    concise: list[MemberPath] | None = Field(
        None, max_length=100, description="The members of a result that are shown by default; overrides the resource's."
    )
    records: Slug | None = Field(
        None,
        description="The resource whose records it returns; a list, get, search, create and update return their own.",
    )
    record_kind: MemberPath | None = Field(
        None,
        description="The member that says which resource a record is of, by its singular, where a list mixes them.",
    )
    needs_change: bool = Field(
        default=False, description="For an update: a call that says only what to change, and not how, is refused."
    )
    already: AlreadySo | None = Field(
        None, description="For a write: how the vendor tells that what is asked for was so before."
    )
    ask_first: dict[Parameter, list[JsonValue]] = Field(
        default_factory=dict,
        max_length=20,
        description="For a write that is not destructive by itself: the arguments with which a person is asked first, "
        "each with the values; none stands for any.",
    )
    destructive: bool | None = Field(
        None, description="It cannot be undone, or reaches a customer; by default, DELETE is."
    )
    idempotent: bool | None = Field(
        None, description="Calling it twice has the effect of calling it once; by default, reads, PUT and DELETE are."
    )

    @property
    def path_parameters(self) -> list[str]:
        """The names of the placeholders in the path, in their order."""
        return PLACEHOLDER.findall(self.path)

    @model_validator(mode="after")
    def _asks_the_vendor(self) -> "Method":
        if self.composite is None:
            for name in ("http", "path"):
                if name not in self.model_fields_set:
                    raise ValueError(f"{name} is missing: only a composite has no request of its own")
        elif self.access is Access.WRITE:
            raise ValueError("composite: only reads are put together; say access: read")
        elif other := sorted(self.model_fields_set - OF_A_COMPOSITE):
            raise ValueError(f"{other[0]}: a composite has steps instead; leave it out")
        return self

    @model_validator(mode="after")
    def _body_is_whole(self) -> "Method":
        if self.body == "raw" and not (self.body_parameter and self.body_media_type):
            raise ValueError("a raw body needs body_parameter and body_media_type")
        if self.body_root and self.body != "json":
            raise ValueError("body_root: only a JSON body has a root member")
        if self.body_parameter and (self.body_root or self.body not in {"json", "raw"}):
            raise ValueError("body_parameter: only a raw or a JSON body without body_root is one property")
        if self.body_media_type and self.body not in {"json", "raw"}:
            raise ValueError("body_media_type: only a raw or a JSON body can have another media type")
        if self.fixed_body and (self.body in {"none", "raw"} or self.body_parameter):
            raise ValueError("fixed_body: only a form or a JSON body of several properties can have fixed ones")
        for setting in ("part_types", "part_encodings"):
            if getattr(self, setting) and self.body != "multipart":
                raise ValueError(f"{setting}: only a multipart body has parts")
        return self

    @model_validator(mode="after")
    def _places_exist(self) -> "Method":
        placeholders = self.path_parameters
        for setting, names in (("path_styles", [*self.path_styles]), ("encoded_slashes", self.encoded_slashes)):
            for name in names:
                if name not in placeholders:
                    raise ValueError(f"{setting}: the path has no placeholder {{{name}}}")
        return self

    @model_validator(mode="after")
    def _only_reads_have_an_address(self) -> "Method":
        if self.uri is None:
            return self
        if self.access is Access.WRITE:
            raise ValueError("uri: reading a resource changes nothing, and this method writes")
        for name in self.path_parameters:
            if name not in PLACEHOLDER.findall(self.uri):
                raise ValueError(f"uri: lacks {{{name}}}, which is in the path")
        return self

    @model_validator(mode="after")
    def _only_writes_change_something(self) -> "Method":
        for setting in ("already", "ask_first"):
            if getattr(self, setting) and self.access is Access.READ:
                raise ValueError(f"{setting}: a read changes nothing")
        return self

    @model_validator(mode="after")
    def _only_records_have_a_history(self) -> "Method":
        if self.history and (self.access is Access.WRITE or self.paginated or self.answer != "json"):
            raise ValueError("history: only a read that answers with one record in JSON has one")
        return self

    @model_validator(mode="after")
    def _only_lists_are_counted(self) -> "Method":
        if self.counts and (self.access is Access.WRITE or self.paginated or self.answer != "json" or self.history):
            raise ValueError("counts: only a read that answers with a list in JSON is counted, and it has no pages")
        return self

    @model_validator(mode="after")
    def _downloads_take_only_a_path(self) -> "Method":
        is_more = self.paginated or self.answer != "json" or self.history or self.counts or self.body != "none"
        if self.attachments_of and (self.http != "GET" or self.access is Access.WRITE or is_more):
            raise ValueError("attachments_of: only a GET that reads, and does nothing else, downloads files of records")
        return self

    @model_validator(mode="after")
    def _writes_have_no_pages(self) -> "Method":
        if self.access is Access.WRITE and (self.paginated or self.pagination):
            word = "paginated" if self.paginated else "pagination"
            raise ValueError(
                f"{word}: a write has no pages, since the call for the next page would send it again. "
                "Leave it out, or say access: read if the method changes nothing."
            )
        return self


class Resource(DefinitionPart):
    """A kind of object that the vendor stores, such as cases."""

    label: str = Field(min_length=1, max_length=80)
    singular: Slug | None = None
    tool_tags: list[Slug] = Field(default_factory=list)
    concise: list[MemberPath] = Field(
        default_factory=list,
        max_length=100,
        description="The members of its records that lists, reads, creations and updates show by default; by default "
        "all. The others are shown on demand.",
    )
    record_url: WebPage | None = Field(
        None,
        description="A record's page in the vendor's own UI, with {placeholders} for connection fields and for one "
        "member of the record; shown as `url` where a record has no documented one.",
    )
    searchable: Searchable | None = Field(
        None, description="How it is searched and read by the tools `search` and `fetch`; by default it is not."
    )
    methods: dict[Slug, Method] = Field(min_length=1)
