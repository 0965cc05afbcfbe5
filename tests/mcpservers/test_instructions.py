"""What a server's instructions say about the number of its tools."""

import pytest

from accounts.models import IntegratedAccount
from mcpservers.lifecycle import create_server
from mcpservers.resolution import resolved


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (["list_all_fuse_desk_cases"], "with 1 tool, which only reads."),
        (["create_a_fuse_desk_case"], "with 1 tool, which writes."),
        (["list_all_fuse_desk_cases", "get_single_fuse_desk_case_by_id"], "with 2 tools, all of which only read."),
        (["list_all_fuse_desk_cases", "create_a_fuse_desk_case"], "with 2 tools, of which 1 writes."),
        (["create_a_fuse_desk_case", "update_a_fuse_desk_case_by_id"], "with 2 tools, of which 2 write."),
    ],
)
def test_instructions_count_tools_as_a_person_would(account: IntegratedAccount, tools: list[str], words: str) -> None:
    server, _ = create_server(account, "tests", name="Few", methods=[], tags=[], tools=tools)

    assert words in resolved(server).instructions
