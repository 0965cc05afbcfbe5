"""The kinds of pagination that a definition can declare. Models see a single cursor, whatever the kind."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from accounts.definition.parts import DefinitionPart, Expression, HeaderName, Parameter

MOST_ITEMS = 10_000
PageSize = Annotated[int, Field(ge=1, le=MOST_ITEMS)]


class Paging(DefinitionPart):
    """What every kind has: the number of items on a page, and where the answer gives that of the whole list."""

    default_limit: PageSize = Field(25, description="The page size if a call does not ask for one.")
    max_limit: PageSize = Field(100, description="The largest page size that the vendor allows.")
    min_limit: PageSize = Field(1, description="The smallest page size that the vendor allows.")
    page_sizes: list[PageSize] = Field(
        default_factory=list, max_length=50, description="The only page sizes that the vendor allows."
    )
    total: Expression | None = Field(None, description="Where the answer gives the total number of items.")
    total_header: HeaderName | None = Field(None, description="The header that gives it; Content-Range is read too.")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The vendor's paging parameters, which no tool takes as arguments."""
        return ()


class SentPaging(Paging):
    """Paging by request parameters, in the query or in the body."""

    send_in: Literal["query", "body"] = Field(
        "query", description="In a JSON body, dots in a parameter's name lead into an object."
    )


class CountedPaging(SentPaging):
    """Paging by counting, where the length of a page may have to tell whether it is the last."""

    filled_to: int = Field(
        0,
        ge=0,
        le=MOST_ITEMS,
        description="The number of items to which the vendor fills every page but the last, if so many are asked for. "
        "A first page shorter than that is the last; a longer one, or any where this is not declared, is followed by "
        "another request, unless the answer says that it is the last.",
    )
    max_items: int | None = Field(
        None,
        ge=1,
        description="The most items of one list that the vendor gives, however many it has: what lies behind them is "
        "refused. A walk ends there, and says so.",
    )

    @model_validator(mode="after")
    def _a_page_is_within_reach(self) -> "CountedPaging":
        if self.max_items is not None and max(self.page_sizes, default=self.max_limit) > self.max_items:
            raise ValueError("max_items: is less than one page; lower max_limit too")
        return self


class OffsetPagination(CountedPaging):
    """A limit and an offset. Without `more` and a total, the end is an empty page, or one shorter than another."""

    kind: Literal["offset"]
    limit_parameter: Parameter | None = "limit"
    offset_parameter: Parameter = "offset"
    first_item: int = Field(0, ge=0, le=1, description="The number of the first item.")
    more: Expression | None = Field(None, description="True in an answer that is not the last page.")

    @model_validator(mode="after")
    def _the_last_page_can_be_any_size(self) -> "OffsetPagination":
        if self.max_items is not None and (self.limit_parameter is None or self.page_sizes or self.min_limit > 1):
            raise ValueError("max_items: pages by offset must take any size then, for what is left of the list")
        return self

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*([self.limit_parameter] if self.limit_parameter else []), self.offset_parameter)


class PagePagination(CountedPaging):
    """Numbered pages. Without `limit_parameter` the vendor's pages all hold `max_limit` items.

    The end is found by the first that is declared and present in the answer: `more`, `total_pages`, the total.
    """

    kind: Literal["page"]
    page_parameter: Parameter = "page"
    limit_parameter: Parameter | None = None
    first_page: int = Field(1, ge=0, le=1)
    more: Expression | None = Field(None, description="True in an answer that is not the last page.")
    total_pages: Expression | None = Field(None, description="Where the answer gives the number of pages.")

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.page_parameter, *([self.limit_parameter] if self.limit_parameter else []))


class CursorPagination(SentPaging):
    """The answer gives the next page's cursor in its body or in a header; the last page has none."""

    kind: Literal["cursor"]
    cursor_parameter: Parameter
    limit_parameter: Parameter | None = None
    next_cursor: Expression | None = None
    next_cursor_header: HeaderName | None = None
    more: Expression | None = Field(None, description="False on the last page, if that has a cursor too.")

    @model_validator(mode="after")
    def _one_place(self) -> "CursorPagination":
        if (self.next_cursor is None) == (self.next_cursor_header is None):
            raise ValueError("a cursor is in the body or in a header: name one of next_cursor and next_cursor_header")
        return self

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.cursor_parameter, *([self.limit_parameter] if self.limit_parameter else []))


class LinkPagination(Paging):
    """The answer gives the next page's URL: in a Link header (RFC 8288), or in its body at `next_url`."""

    kind: Literal["link"]
    limit_parameter: Parameter | None = None
    next_url: Expression | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.limit_parameter,) if self.limit_parameter else ()


class RangePagination(Paging):
    """A Range header requests items `first-last`; Content-Range gives the items returned and the total."""

    kind: Literal["range"]
    unit: str = Field("items", pattern=r"^[a-zA-Z0-9_-]+$", max_length=32)


class NoPagination(Paging):
    """The vendor returns the whole list; it is cut into pages here."""

    kind: Literal["none"]


Pagination = Annotated[
    OffsetPagination | PagePagination | CursorPagination | LinkPagination | RangePagination | NoPagination,
    Field(discriminator="kind"),
]
