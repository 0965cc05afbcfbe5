"""What a tool costs a model: the tokens of its name, description and schema, estimated without a tokenizer."""

from typing import Any

import orjson

from tools.catalogue.formats import without_output
from tools.tokens import tokens_of

# What clients take from one server before they leave tools out or answer worse.
SERVER_TOOLS = 40
SERVER_TOKENS = 25_000


def estimate_tokens(shown: Any) -> int:
    """Return roughly how many tokens a listed tool, or a list of them, costs a model."""
    if isinstance(shown, list):
        return sum(map(estimate_tokens, shown))
    # Neither OpenAI's nor Anthropic's API takes an outputSchema, so models do not read it.
    return tokens_of(orjson.dumps(without_output(shown) if isinstance(shown, dict) else shown))
