"""The calls that the bundles' documentation shows: each is taken as it is written, and costs only who asks for it."""

from dataclasses import replace
from functools import cache

import jsonschema_rs
import pytest

from accounts.definition import parse_definition
from tests.bundles import read_bundle
from tests.integrations.bundled import BUNDLES
from tools.calling.sending.checking import check
from tools.catalogue.compilation import Catalogue, compiled
from tools.catalogue.formats import Format, as_mcp, listing_of
from tools.catalogue.tool import Tool
from tools.models import Documentation

NAMES = sorted(path.stem for path in BUNDLES.glob("*.yaml"))


@cache
def catalogue(name: str) -> Catalogue:
    document, records = read_bundle((BUNDLES / f"{name}.yaml").read_text())
    return compiled(parse_definition(document), [Documentation(**record) for record in records])


def is_not_obvious(tool: Tool) -> bool:
    """Return whether a model has to know a language of queries, what to count by, or how things nest."""
    properties = tool.input_schema["properties"]
    return bool(tool.counted or tool.method.composite or "query" in properties) or any(
        "properties" in (schema.get("items") or schema) for schema in properties.values()
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_call_of_the_listed_tool_and_needs_no_reading(name: str) -> None:
    shown = [(tool, example) for tool in catalogue(name) for example in tool.examples]
    assert shown
    for tool, example in shown:
        assert isinstance(example, dict)
        assert jsonschema_rs.is_valid(tool.input_schema, example), (tool.name, example)
        left_out: list[str] = []
        assert check(tool, example, left_out=left_out) == example
        assert left_out == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_obvious_has_some(name: str) -> None:
    lacking = {tool.name for tool in catalogue(name) if is_not_obvious(tool) and not tool.examples}
    assert lacking == set()
    assert all(len(tool.examples) <= 3 for tool in catalogue(name))


@pytest.mark.parametrize("name", NAMES)
def test_only_the_listing_for_anthropic_has_them(name: str) -> None:
    tools = list(catalogue(name))
    listed = {tool["name"]: tool.get("input_examples", []) for tool in listing_of(tools, Format.ANTHROPIC).tools}
    for tool in tools:
        assert not tool.examples or listed[tool.name] == [*tool.examples]
        assert as_mcp(tool) == as_mcp(replace(tool, examples=()))
