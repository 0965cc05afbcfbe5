"""What a client is made with, by its name or its User-Agent."""

import pytest

from accounts.web.frameworks import framework_of


@pytest.mark.parametrize(
    ("client", "user_agent", "framework"),
    [
        ("mcp 0.1.0", "python-httpx/0.28.1", "python-httpx 0.28.1"),
        ("claude-ai 0.1", "node", "node"),
        ("node", "node", "node"),
        ("", "", ""),
        ("mcp 0.1.0", "", ""),
        ("", "(none)", "(none)"),
        ("", "  ", ""),
        ("", "é\x00", ""),
        ("", "x" * 400, "x" * 60),
    ],
)
def test_it_is_told_as_far_as_it_is_known(client: str, user_agent: str, framework: str) -> None:
    assert framework_of(client, user_agent) == framework
