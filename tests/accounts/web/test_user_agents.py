"""What a client is made with, by its User-Agent."""

import pytest

from accounts.web.user_agents import framework_of


@pytest.mark.parametrize(
    ("user_agent", "framework"),
    [
        ("python-httpx/0.28.1", "python-httpx 0.28.1"),
        ("ai-sdk/2.0.99 runtime/node.js/22", "ai-sdk 2.0.99"),
        ("google-adk/2.13.0 gl-python/3.11.7", "google-adk 2.13.0"),
        ("Go-http-client/v2", "Go-http-client 2"),
        ("node", "node"),
        ("node/", "node"),
        ("", ""),
        ("(none)", ""),
        ("  ", ""),
        ("é\x00", ""),
        ("x" * 400, "x" * 60),
    ],
)
def test_it_is_told_as_far_as_it_is_known(user_agent: str, framework: str) -> None:
    assert framework_of(user_agent) == framework
