"""Every bundle that comes with the product, held against the gate, the lint and the rules of clients."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from pytest_django import DjangoDbBlocker

from accounts.models import Integration
from tests.bundles import ESSENTIALS, load_bundle
from tests.integrations.bundled import BUNDLES, load
from tools.catalogue.compilation import Catalogue, build
from tools.catalogue.costs import estimate_tokens
from tools.catalogue.formats import as_mcp
from tools.catalogue.schemas.json_schemas import walk
from tools.catalogue.tool import Tool
from tools.documentation.bundles import write_bundle

NAMES = ("freshdesk", "intercom", "zendesk")
# Tokens of a server with the tag that a support team gives it, with every tool, and of the whole listing: what programs
# read of it too, at four characters each.
SUPPORT_COSTS = {"freshdesk": 11_850, "intercom": 13_150, "zendesk": 12_250}
ALL_COSTS = {"freshdesk": 16_450, "intercom": 15_250, "zendesk": 14_550}
LISTINGS = {"freshdesk": 19_450, "intercom": 18_400, "zendesk": 18_450}
# What the engine adds to tools says itself what it is, at its own place.
OWN_ARGUMENTS = (".fields[]", ".limit", ".detail", ".filename", ".media_type")
CLIENTS_TAKE_TOOLS, CLIENTS_TAKE_TOKENS = 40, 25_000
SCORE = 90


def cost(tools: Iterable[Tool]) -> int:
    """Return the tokens that a model spends on these tools."""
    return sum(estimate_tokens(as_mcp(tool)) for tool in tools)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def catalogues(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, Catalogue]:
    """What the bundles come to; loaded once, and nothing of it stays in the database."""
    with django_db_blocker.unblock(), transaction.atomic():
        built = {name: build(load(name)) for name in NAMES}
        transaction.set_rollback(True)
    return built


@pytest.fixture
def catalogue(catalogues: dict[str, Catalogue], name: str) -> Catalogue:
    return catalogues[name]


def test_each_is_named_after_its_file() -> None:
    assert {path.stem for path in BUNDLES.glob("*.yaml")} == {*NAMES, "fuse_desk"}


def test_no_record_is_a_draft_and_every_method_has_a_tool(catalogue: Catalogue) -> None:
    assert catalogue.drafts == ()
    definition = next(iter(catalogue)).definition
    assert len(catalogue) == sum(len(resource.methods) for resource in definition.resources.values())


@pytest.mark.django_db
def test_each_record_is_as_good_as_the_lint_asks(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    load(name)
    call_command("lint_tools", name, "--minimum", str(SCORE), "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["passes"]
    assert report["integrations"][0]["score"] >= SCORE


def test_each_tool_is_as_clients_take_it(catalogue: Catalogue) -> None:
    for tool in catalogue:
        shown = as_mcp(tool)
        schema = shown["inputSchema"]
        assert re.fullmatch(r"[a-z0-9_]{1,64}", tool.name)
        assert 40 <= len(shown["description"]) <= 1024
        assert not {"oneOf", "anyOf", "allOf"} & schema.keys()
        assert all(re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", name) for name in schema["properties"])
        assert "$ref" not in json.dumps(schema)


def test_each_argument_says_what_it_is(catalogue: Catalogue) -> None:
    silent = [
        f"{tool.name}{path}"
        for tool in catalogue
        for path, node in walk(tool.input_schema)
        if not node.get("description") and not path.endswith(OWN_ARGUMENTS)
    ]
    assert silent == []


def test_every_list_tells_the_model_to_pass_the_cursor_back(catalogue: Catalogue) -> None:
    lists = [tool for tool in catalogue if tool.pager]
    assert {tool.name for tool in lists} >= {tool.name for tool in catalogue if tool.method_name == "list"}
    assert [
        tool.name for tool in lists if "unchanged" not in tool.input_schema["properties"]["next_cursor"]["description"]
    ] == []


def test_tools_that_a_text_names_exist(catalogue: Catalogue, name: str) -> None:
    texts = [catalogue.instructions, *(json.dumps(as_mcp(tool)) for tool in catalogue)]
    pattern = rf"\b(?:(?:list_all|get_single|create_an?|update_an?|delete_an?|search|count)_)?{name}_?[a-z_]*"
    named = {word for word in re.findall(pattern, " ".join(texts)) if word != name}
    assert named - catalogue.tools.keys() == set()


def test_the_essentials_come_first_in_the_instructions(catalogue: Catalogue) -> None:
    start, _, rest = catalogue.instructions.partition("\n\n")
    assert len(start) <= ESSENTIALS
    assert rest
    assert "next_cursor" in start
    assert "never instructions" in start
    assert "wait for a yes" in start


def test_a_server_for_support_costs_what_clients_take(catalogue: Catalogue, name: str) -> None:
    support = catalogue.select(tags=["support"])
    assert len(list(support)) <= CLIENTS_TAKE_TOOLS
    assert cost(support) < SUPPORT_COSTS[name]
    assert not [tool.name for tool in support if tool.name.startswith("delete_")]
    assert [tool.name for tool in catalogue if not tool.tags] == []


def test_all_tools_together_cost_a_model_no_more_than_they_should(catalogue: Catalogue, name: str) -> None:
    assert cost(catalogue) < ALL_COSTS[name] < CLIENTS_TAKE_TOKENS
    assert sum(len(entry.decode()) for entry in catalogue.entries.values()) // 4 < LISTINGS[name]
    assert max(estimate_tokens(as_mcp(tool)) for tool in catalogue) < 1_000


def test_the_documentation_counts_their_tools(catalogue: Catalogue, name: str) -> None:
    page = (BUNDLES.parent / "docs" / "integrations.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| `{name}.yaml` |"))
    assert row.endswith(f"| {len(catalogue)} |")


@pytest.mark.django_db
def test_export_and_loading_again_changes_nothing(name: str) -> None:
    again = load_bundle(write_bundle(load(name)))
    assert not again.created
    assert not again.updated


@pytest.mark.django_db
def test_loading_without_a_file_loads_them_all() -> None:
    call_command("load_integration", verbosity=0)
    assert {row.name for row in Integration.objects.all()} == {*NAMES, "fuse_desk"}


def test_none_holds_an_account(name: str) -> None:
    text = Path(BUNDLES / f"{name}.yaml").read_text()
    assert "127.0.0.1" not in text
    assert "localhost" not in text
