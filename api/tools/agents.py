"""The agent-facing API (django-ninja): list an account's tools in the format of a model's API, and call one."""

from enum import StrEnum
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Body, Query, Router, Schema
from ninja.security import HttpBearer

from accounts.allowances import Holder, HolderKind, calls, count_request
from accounts.api_tokens.recognition import TokenGrant, grant_of
from accounts.errors import AddressRefused, AllowanceUsedUp
from accounts.models import Role
from accounts.web.client_address import client_address, noted_address
from accounts.web.unknown_tokens import note_unknown_token
from accounts.web.user_agents import framework_of
from api.exceptions import NOT_FOUND
from api.permissions import refusal
from api.problems import FieldError, Problem, ProblemRaised, beyond_limit, invalid, method_not_allowed
from api.strictness import MAX_UNKNOWN, unknown_key
from api.tools.problems import call_problem, unknown_tool
from tools.calling.answers.files import FileKind
from tools.calling.invocation import CallResult, invoke
from tools.catalogue.formats import STRICT_FORMS, Format, listing_of
from tools.catalogue.tool import Tool
from tools.catalogue.toolbox import Toolbox, toolbox_of
from tools.errors import AccountUnusable, CallFailed, FilterUnknown, UnknownTool
from tools.models.calls import Via
from tools.record.notes import Caller

LIST = "/{uuid:account_id}/tools"
CALL = "/{uuid:account_id}/tools/{name}"
# Methods that must answer with a problem; ninja's own 405 is a line of text.
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")

METHODS_HELP = "`read`, `write`, `custom`, or single methods; comma-separated or repeated. Omitted: all."
STRICT_HELP = (
    "List for the strict mode of OpenAI's APIs: every argument is required, and null for one that is to be left out."
)
PARAMETERS = ["methods", "tags", "format", "strict"]
TAGS_HELP = "Tools with any of these tags; comma-separated or repeated. Omitted: all."


class ApiTokenBearer(HttpBearer):
    """Authentication by API token, which is looked up at most once a second."""

    openapi_bearerFormat = "pbapi_…"

    async def authenticate(self, request: HttpRequest, token: str) -> TokenGrant | None:
        """Return the token's grant, and count the request.

        Raises ProblemRaised for a token that may not be used from the client's address, or is beyond its limit.
        """
        try:
            grant = await grant_of(token.strip(), request.META.get("REMOTE_ADDR", ""))
            if grant is None:
                note_unknown_token("rest", client_address(request))
            else:
                await count_request(Holder(HolderKind.TOKEN, grant.token_id))
        except AddressRefused as refused:
            raise ProblemRaised(Problem(403, str(refused))) from None
        except AllowanceUsedUp as used_up:
            raise ProblemRaised(beyond_limit(used_up)) from None
        return grant


class GrantedRequest(HttpRequest):
    """A request authenticated by an API token, for type checking."""

    auth: TokenGrant


class ToolList(Schema):
    """The tools of an account, all on one page; with `strict`, those that cannot be strict, by name, and why."""

    result: list[dict[str, Any]]
    next_cursor: None = None
    not_strict: dict[str, str] = {}


class Strictness(StrEnum):
    """Whether tools are listed for a model API's strict mode."""

    TRUE = "true"
    FALSE = "false"


router = Router(auth=ApiTokenBearer(), tags=["tool"])


@router.get(f"{LIST}/", response=ToolList, exclude_unset=True, include_in_schema=False, url_name="list_tools_slashed")
@router.get(LIST, response=ToolList, exclude_unset=True, operation_id="list_tools")
async def list_tools(
    request: GrantedRequest,
    account_id: UUID,
    methods: Annotated[list[str], Query(description=METHODS_HELP)] = [],  # noqa: B006  ninja only reads it
    tags: Annotated[list[str], Query(description=TAGS_HELP)] = [],  # noqa: B006
    *,
    shape: Annotated[Format, Query(alias="format", description="The API whose format the tools have.")] = Format.MCP,
    strict: Annotated[Strictness, Query(description=STRICT_HELP)] = Strictness.FALSE,
) -> ToolList:
    """List the account's tools that match the filters, in the format of MCP, or of OpenAI's or Anthropic's API."""
    is_strict = strict is Strictness.TRUE
    _check_list_query(request, shape, is_strict=is_strict)
    toolbox = await _toolbox(request, account_id)
    wanted_methods, wanted_tags = _names(methods), _names(tags)
    try:
        toolbox.catalogue.check_filters(wanted_methods, wanted_tags)
    except FilterUnknown as unknown:
        raise ProblemRaised(invalid(FieldError(unknown.filter, str(unknown)))) from None
    tools = toolbox.catalogue.select(wanted_methods, wanted_tags)
    listing = listing_of(tools, shape, strict=is_strict)
    reasons = {"not_strict": listing.not_strict} if is_strict else {}
    return ToolList(result=listing.tools, next_cursor=None, **reasons)


def _check_list_query(request: HttpRequest, shape: Format, *, is_strict: bool) -> None:
    """Raise ProblemRaised for a parameter that the list does not have, and for a form without a strict mode."""
    # Bounded, because the look-up for hints is costly.
    unknown = islice((name[:64] for name in request.GET if name not in PARAMETERS), MAX_UNKNOWN)
    errors = [FieldError(name, unknown_key(name, PARAMETERS)) for name in unknown]
    if is_strict and shape not in STRICT_FORMS:
        forms = " and ".join(STRICT_FORMS)
        errors.append(FieldError("strict", f"Only the formats {forms} can be strict, not {shape}."))
    if errors:
        raise ProblemRaised(invalid(*errors))


@router.post(f"{CALL}/", include_in_schema=False, url_name="call_tool_slashed")
@router.post(CALL, response=dict[str, Any], operation_id="call_tool")
async def call_tool(
    request: GrantedRequest,
    account_id: UUID,
    name: str,
    arguments: Annotated[Any, Body(description="The tool's arguments, as its inputSchema says.")] = None,
) -> HttpResponse:
    """Call a tool. The answer is the bare result; `ratelimit-*` headers give the vendor's rate limit.

    A file is returned as `file` with `name`, `media_type` and `bytes`, and its content as `text` or `base64`.
    """
    try:
        with calls.one(Holder(HolderKind.TOKEN, request.auth.token_id)):
            return await _call_named(request, account_id, name, arguments)
    except AllowanceUsedUp as used_up:
        raise ProblemRaised(beyond_limit(used_up)) from None


async def _call_named(request: GrantedRequest, account_id: UUID, name: str, arguments: Any) -> HttpResponse:
    toolbox = await _toolbox(request, account_id)
    try:
        tool = toolbox.catalogue.get(name)
    except UnknownTool as unknown:
        raise ProblemRaised(unknown_tool(unknown)) from None
    if not tool.read_only and not request.auth.may(Role.OPERATOR):
        raise ProblemRaised(Problem(403, refusal(request.auth.role, Role.OPERATOR)))
    try:
        return await _call(request, toolbox, tool, arguments)
    except CallFailed as failed:
        raise ProblemRaised(call_problem(failed, tool, toolbox.vendor)) from None


async def _call(request: GrantedRequest, toolbox: Toolbox, tool: Tool, arguments: Any) -> HttpResponse:
    if toolbox.connection is None:
        raise AccountUnusable(toolbox.unusable)
    user_agent = request.headers.get("User-Agent", "")
    caller = Caller(
        environment_id=toolbox.environment_id,
        account_id=toolbox.account_id,
        via=Via.REST,
        token_id=request.auth.token_id,
        client=user_agent,
        framework=framework_of(user_agent),
        address=noted_address(client_address(request)),
        person_key=request.auth.owner_id,
        person=request.auth.owner_name,
    )
    result = await invoke(
        tool,
        toolbox.connection,
        arguments,
        caller,
        budget=settings.RESULT_TOKENS,
        request_bytes=len(request.body),
        among=toolbox.catalogue,
    )
    headers = {"Cache-Control": "no-store", **result.limits.headers()}
    return HttpResponse(_body(result), content_type="application/json", headers=headers)


def _body(result: CallResult) -> str | bytes:
    """Return a result as JSON; a file includes its content, as text if it is textual, else in Base64."""
    file = result.file
    if file is None:
        return result.text
    answer = orjson.loads(result.text)
    content = {"text": file.text} if file.kind is FileKind.TEXT else {"base64": file.base64}
    return orjson.dumps({**answer, "file": {**answer["file"], **content}})


async def _toolbox(request: GrantedRequest, account_id: UUID) -> Toolbox:
    """Return the account's toolbox; raise ProblemRaised if the account is not in the token's environment."""
    toolbox = await toolbox_of(account_id)
    if toolbox is None or toolbox.environment_id != request.auth.environment_id:
        raise ProblemRaised(Problem(404, NOT_FOUND))
    return toolbox


def _names(values: list[str]) -> list[str]:
    """Return the names in repeated and comma-separated values."""
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _all_but(method: str) -> list[str]:
    return [each for each in METHODS if each != method]


@router.api_operation(_all_but("GET"), f"{LIST}/", auth=None, include_in_schema=False)
@router.api_operation(_all_but("GET"), LIST, auth=None, include_in_schema=False)
async def _only_get(request: HttpRequest, account_id: UUID) -> None:
    raise ProblemRaised(method_not_allowed("GET"))


@router.api_operation(_all_but("POST"), f"{CALL}/", auth=None, include_in_schema=False)
@router.api_operation(_all_but("POST"), CALL, auth=None, include_in_schema=False)
async def _only_post(request: HttpRequest, account_id: UUID, name: str) -> None:
    raise ProblemRaised(method_not_allowed("POST"))
