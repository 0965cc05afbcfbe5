"""The listings of the REST API against the types of OpenAI's and Anthropic's SDKs: reads addresses by format as JSON.

Prints how many tools of each were right. A strict schema is also given to the function by which OpenAI's own SDK
makes schemas strict, which must leave it as it is.
"""

import json
import sys
import urllib.request
from copy import deepcopy
from typing import Any

from agents.strict_schema import ensure_strict_json_schema
from anthropic.types import ToolParam
from openai.types.chat import ChatCompletionFunctionToolParam
from openai.types.responses import FunctionToolParam
from pydantic import ConfigDict, TypeAdapter, with_config

KINDS: dict[str, Any] = {
    "openai": ChatCompletionFunctionToolParam,
    "openai-responses": FunctionToolParam,
    "anthropic": ToolParam,
}


def listed(address: str, token: str) -> list[dict[str, Any]]:
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        tools: list[dict[str, Any]] = json.load(answer)["result"]
    return tools


def check(form: str, tool: dict[str, Any], *, strict: bool) -> None:
    # Forbidding others finds members that the type does not have; a TypedDict takes any otherwise.
    closed = with_config(ConfigDict(extra="forbid"))(KINDS[form])
    TypeAdapter(closed).validate_python(deepcopy(tool), strict=False)
    function = tool.get("function", tool)
    if strict and function["strict"]:
        given = function["parameters"]
        assert ensure_strict_json_schema(deepcopy(given)) == given, function["name"]


def main() -> None:
    base, token = sys.argv[1:]
    right: dict[str, int] = {}
    for form in KINDS:
        for strict in (False, True) if form != "anthropic" else (False,):
            tools = listed(f"{base}?format={form}&strict={str(strict).lower()}", token)
            for tool in tools:
                check(form, tool, strict=strict)
            right[f"{form}, strict" if strict else form] = len(tools)
    print(json.dumps(right))  # noqa: T201  what the test reads


main()
