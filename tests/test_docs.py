"""The documentation names what exists, all of it, and nothing else."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from accounts.definition import parse_definition
from api.openapi import document
from tests.documentation import DOCS, ROOT, documented
from tools.catalogue.gate import name_of, problems_of
from tools.documentation.bundles import read_bundle
from tools.models import Documentation

APPS = ("accounts", "tools", "mcpservers", "api", "portal", "config")
# Pages name a file from the root; the architecture's table, from the folder of its row.
ROOTS = [ROOT, ROOT / "tests", *(ROOT / app for app in APPS)]
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

READ = re.compile(r"\b(?:env\.(?:text|names|networks|flag|integer|choice)|_secrets\.get)\(\s*\"([A-Z][A-Z0-9_]*)\"")
READ_BY_SIMULATOR = re.compile(r"(?:_whole_number|environ\.get)\(\s*\"([A-Z][A-Z0-9_]*)\"")
INTEGER = re.compile(r"env\.integer\(\s*\"([A-Z0-9_]+)\",\s*([\d_ *]+)")

TARGET = re.compile(r"^([a-z][a-z0-9-]*):", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ENDPOINT = re.compile(r"^\| `((?:GET|POST|PATCH|DELETE) /[^`]*)` \|", re.MULTILINE)
FILE = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|html|js|css|yaml))(?:::\w+)?`")
PLACEHOLDER = re.compile(r"\{\w+\}")


def sources() -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "config").rglob("*.py")))


def variables_read() -> set[str]:
    return {*READ.findall(sources()), *READ_BY_SIMULATOR.findall((ROOT / "demo" / "__main__.py").read_text())}


def prose() -> str:
    return "\n".join(page.read_text() for page in PAGES if page.name != "CHANGELOG.md")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def operations() -> set[str]:
    """Return every operation of the API's own description, such as `GET /integration`."""
    paths = orjson.loads(document())["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def relative_links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for link in LINK.findall(FENCE.sub("", page.read_text())):
            if not re.match(r"[a-z]+:", link):
                yield page, link


def test_every_variable_that_is_read_is_documented_and_no_other() -> None:
    assert len(variables_read()) > 30
    assert documented().keys() == variables_read()


def test_documented_defaults_of_numbers_are_those_of_the_code() -> None:
    defaults = {
        name: math.prod(int(factor) for factor in expression.split("*"))
        for name, expression in INTEGER.findall(sources())
    }
    stated = documented()
    assert {name: stated[name].strip("`") for name in defaults} == {name: str(each) for name, each in defaults.items()}


@pytest.mark.parametrize("path", sorted(ROOT.glob("[a-z]*/management/commands/[a-z]*.py")), ids=lambda path: path.stem)
def test_every_management_command_is_documented(path: Path) -> None:
    assert f"manage.py {path.stem}" in prose()


@pytest.mark.parametrize("target", TARGET.findall((ROOT / "Makefile").read_text()))
def test_every_make_target_is_documented(target: str) -> None:
    assert re.search(rf"\bmake {target}(?![\w-])", prose())


def test_every_documented_make_target_exists() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", prose(), re.MULTILINE))
    assert named <= set(TARGET.findall((ROOT / "Makefile").read_text()))


@pytest.mark.parametrize(("page", "link"), list(relative_links()), ids=lambda part: str(getattr(part, "name", part)))
def test_every_relative_link_leads_somewhere(page: Path, link: str) -> None:
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    assert target.exists()
    assert not anchor or anchor in anchors(target)


def test_every_endpoint_is_documented_and_no_other() -> None:
    named = ENDPOINT.findall((DOCS / "rest.md").read_text())
    assert {PLACEHOLDER.sub("{}", each) for each in named} == {PLACEHOLDER.sub("{}", each) for each in operations()}


def test_the_example_of_a_bundle_makes_the_tools_that_the_page_names() -> None:
    page = (DOCS / "integrations.md").read_text()
    example = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[0]
    bundled, records, _ = read_bundle(example)
    definition = parse_definition(bundled)
    made = [Documentation(**record) for record in records]
    assert [problems_of(definition, record) for record in made] == [[], []]
    assert all(f"`{name_of(definition, record)}`" in page.replace(example, "") for record in made)


NAMED_TEST = re.compile(r"`((?:[a-z_0-9]+/)*test_[a-z_0-9]+\.py)(?:::([A-Za-z_0-9:]+))?`")


def named_tests() -> set[tuple[str, str]]:
    return set(NAMED_TEST.findall((DOCS / "threat-model.md").read_text()))


@pytest.mark.parametrize(("file", "names"), sorted(named_tests()))
def test_every_test_that_the_threat_model_names_exists(file: str, names: str) -> None:
    source = (ROOT / "tests" / file).read_text()
    for name in filter(None, names.split("::")):
        assert re.search(rf"(?:class|def) {name}\b", source)


def test_every_file_that_a_page_names_exists() -> None:
    pages = [page for page in PAGES if page.name != "CHANGELOG.md"]
    named = {(page.name, path) for page in pages for path in FILE.findall(page.read_text())}
    assert len(named) > 50
    assert not {each for each in named if not any((root / each[1]).exists() for root in ROOTS)}
