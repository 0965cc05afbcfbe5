"""What a tool costs a model: the tokens of its name, description and schema, estimated without a tokenizer."""

from typing import Any

import orjson

from tools.tokens import tokens_of

# What clients take from one server before they leave tools out or answer worse.
SERVER_TOOLS = 40
SERVER_TOKENS = 25_000


# Programs validate results against it. Neither OpenAI's nor Anthropic's API takes it, so models never see it.
UNREAD = "outputSchema"


def estimate_tokens(shown: Any) -> int:
    """Return roughly how many tokens a listed tool, or a list of them, costs a model."""
    if isinstance(shown, list):
        return sum(map(estimate_tokens, shown))
    read = {name: value for name, value in shown.items() if name != UNREAD} if isinstance(shown, dict) else shown
    return tokens_of(orjson.dumps(read))
