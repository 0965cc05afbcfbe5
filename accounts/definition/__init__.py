"""The definition of an integration: one document that describes how to reach a vendor's API and what it offers.

`document` is the whole, `authentication`, `pagination` and `methods` are its sections, and `parts` has their types.
"""

from accounts.definition.attachments import Attachments
from accounts.definition.authentication import (
    MAX_KEYS,
    ApiKey,
    ApiKeyAuthentication,
    ApiKeysAuthentication,
    Authentication,
    AuthorizationCodeAuthentication,
    BasicAuthentication,
    BearerAuthentication,
    ClientCredentialsAuthentication,
    OAuthAuthentication,
)
from accounts.definition.composites import Composite, Step, StepCall
from accounts.definition.document import (
    ConnectionField,
    ConnectionTest,
    Definition,
    Errors,
    RateLimit,
    definition_schema,
    parse_definition,
    read_stored_definition,
)
from accounts.definition.lookups import Lookup
from accounts.definition.methods import Access, Group, Method, RecordHistory, Resource, Shaping
from accounts.definition.pagination import (
    CursorPagination,
    LinkPagination,
    NoPagination,
    OffsetPagination,
    PagePagination,
    Pagination,
    RangePagination,
)
from accounts.definition.parts import PLACEHOLDER, SLUG
from accounts.definition.prompts import Prompt
from accounts.definition.reserved import is_reserved_header, is_reserved_parameter
from accounts.definition.searching import Searchable

__all__ = [
    "MAX_KEYS",
    "PLACEHOLDER",
    "SLUG",
    "Access",
    "ApiKey",
    "ApiKeyAuthentication",
    "ApiKeysAuthentication",
    "Attachments",
    "Authentication",
    "AuthorizationCodeAuthentication",
    "BasicAuthentication",
    "BearerAuthentication",
    "ClientCredentialsAuthentication",
    "Composite",
    "ConnectionField",
    "ConnectionTest",
    "CursorPagination",
    "Definition",
    "Errors",
    "Group",
    "LinkPagination",
    "Lookup",
    "Method",
    "NoPagination",
    "OAuthAuthentication",
    "OffsetPagination",
    "PagePagination",
    "Pagination",
    "Prompt",
    "RangePagination",
    "RateLimit",
    "RecordHistory",
    "Resource",
    "Searchable",
    "Shaping",
    "Step",
    "StepCall",
    "definition_schema",
    "is_reserved_header",
    "is_reserved_parameter",
    "parse_definition",
    "read_stored_definition",
]
