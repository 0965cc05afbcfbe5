"""How a vendor pages its lists: the kinds that a definition can declare. Whatever the kind, a model sees one cursor."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from accounts.definition.parts import DefinitionPart, Expression, HeaderName, Parameter


class Paging(DefinitionPart):
    """What every kind has: how many items a page holds."""

    default_limit: int = Field(25, ge=1, le=1000, description="The items of a page where a call does not say.")
    max_limit: int = Field(100, ge=1, le=1000, description="The most items of a page that the vendor gives.")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The vendor's parameters that are sent for paging, which no tool takes as arguments."""
        return ()


class SentPaging(Paging):
    """What the kinds share that ask with parameters: where these go."""

    send_in: Literal["query", "body"] = Field(
        "query", description="In a JSON body, dots in a parameter's name lead into an object."
    )


class OffsetPagination(SentPaging):
    """A limit and the number of items to skip. Without a total, the length of a page tells whether it is the last."""

    kind: Literal["offset"]
    limit_parameter: Parameter = "limit"
    offset_parameter: Parameter = "offset"
    total: Expression | None = Field(None, description="Where the answer tells how many items there are in all.")
    total_header: HeaderName | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The vendor's parameters that are sent for paging."""
        return self.limit_parameter, self.offset_parameter


class PagePagination(SentPaging):
    """Numbered pages. Without `limit_parameter` the vendor's pages all hold `max_limit` items.

    Of what tells the end, the first that is declared and told decides: `more`, `total_pages`, the total.
    """

    kind: Literal["page"]
    page_parameter: Parameter = "page"
    limit_parameter: Parameter | None = None
    first_page: int = Field(1, ge=0, le=1)
    more: Expression | None = Field(None, description="True in an answer that is not the last page.")
    total: Expression | None = Field(None, description="Where the answer tells how many items there are in all.")
    total_header: HeaderName | None = None
    total_pages: Expression | None = Field(None, description="Where the answer tells how many pages there are.")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The vendor's parameters that are sent for paging."""
        return (self.page_parameter, *([self.limit_parameter] if self.limit_parameter else []))


class CursorPagination(SentPaging):
    """The answer names what the next page is asked with, in its body or in a header; nothing there is the end."""

    kind: Literal["cursor"]
    cursor_parameter: Parameter
    limit_parameter: Parameter | None = None
    next_cursor: Expression | None = None
    next_cursor_header: HeaderName | None = None
    more: Expression | None = Field(None, description="False in the last page, where that has a cursor all the same.")

    @model_validator(mode="after")
    def _one_place(self) -> "CursorPagination":
        if (self.next_cursor is None) == (self.next_cursor_header is None):
            raise ValueError("a cursor lies in the body or in a header: name one of next_cursor and next_cursor_header")
        return self

    @property
    def parameters(self) -> tuple[str, ...]:
        """The vendor's parameters that are sent for paging."""
        return (self.cursor_parameter, *([self.limit_parameter] if self.limit_parameter else []))


class LinkPagination(Paging):
    """The answer gives the next page's address: in a Link header (RFC 8288), or in its body where `next_url` says."""

    kind: Literal["link"]
    limit_parameter: Parameter | None = None
    next_url: Expression | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The vendor's parameters that are sent for paging."""
        return (self.limit_parameter,) if self.limit_parameter else ()


class RangePagination(Paging):
    """A Range header asks for items `first-last`; the answer's Content-Range tells which came, of how many."""

    kind: Literal["range"]
    unit: str = Field("items", pattern=r"^[a-zA-Z0-9_-]+$", max_length=32)


class NoPagination(Paging):
    """The vendor answers with everything at once; pages are cut from it here."""

    kind: Literal["none"]


Pagination = Annotated[
    OffsetPagination | PagePagination | CursorPagination | LinkPagination | RangePagination | NoPagination,
    Field(discriminator="kind"),
]
