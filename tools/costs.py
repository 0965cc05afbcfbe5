"""What a tool costs a model: the tokens of its name, description and schema, estimated without a tokenizer."""

from typing import Any

import orjson

# English text and JSON come to about four characters a token in the tokenizers in use; exact counts differ by model.
CHARACTERS_A_TOKEN = 4


def estimate_tokens(shown: Any) -> int:
    """Return about how many tokens a model spends on this JSON value."""
    return -(-len(orjson.dumps(shown).decode()) // CHARACTERS_A_TOKEN)
