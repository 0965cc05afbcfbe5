"""What a set of tools can search and fetch: only what its lists and reads are all there for."""

import pytest

from accounts.models import Integration
from tools.catalogue.compilation import Catalogue, build
from tools.catalogue.tool import ToolSet
from tools.retrieval.listing import listed
from tools.retrieval.sources import sources_of


@pytest.fixture
def catalogue(integration: Integration) -> Catalogue:
    return build(integration)


def test_a_kind_needs_its_list_and_its_read(catalogue: Catalogue) -> None:
    assert [*sources_of(catalogue.definition, catalogue).by_kind] == ["case", "chat", "email", "contact"]
    for missing in ("list_all_fuse_desk_chats", "get_single_fuse_desk_chat_by_id"):
        left = ToolSet({name: tool for name, tool in catalogue.tools.items() if name != missing})
        sources = sources_of(catalogue.definition, left)
        assert [*sources.by_kind] == ["case", "email", "contact"]
        assert "chats" not in listed(sources)[0]["description"]


def test_there_is_nothing_to_list_without_a_kind_or_beside_a_tool_of_the_vendor_of_that_name(
    catalogue: Catalogue,
) -> None:
    reps = catalogue.tools["list_all_fuse_desk_reps"]
    for definition, tools in (
        (catalogue.definition, ToolSet({reps.name: reps})),
        (catalogue.definition, ToolSet({**catalogue.tools, "search": reps})),
        (None, ToolSet({})),
    ):
        sources = sources_of(definition, tools)
        assert not sources
        assert listed(sources) == []
        assert sources.tool_names == ()
