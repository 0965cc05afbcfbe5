"""How many tokens a text costs a model, estimated by the kinds of its characters, without a tokenizer.

The weights are those of o200k, cl100k and Claude's published tokenizer over tickets, JSON, identifiers and eleven
languages: exact counts differ by model, those of older tokenizers are higher for scripts other than Latin
(`python -m benchmarks.token_estimate` compares them).
"""

from bisect import bisect_left
from collections.abc import Callable

# In hundredths of a token: words of Latin letters are cheap, digits and JSON's punctuation are not.
LETTER, DIGIT, SIGN, TWO_BYTES, THREE_BYTES, FOUR_BYTES = 21, 60, 65, 65, 110, 240
# No byte of UTF-8 costs more.
MOST_A_BYTE = SIGN

LETTERS = bytes(range(65, 91)) + bytes(range(97, 123)) + b" "
DIGITS = b"0123456789"
ASCII = bytes(range(128))
# The first bytes of characters of two, three and four bytes (RFC 3629).
STARTS = (
    (bytes(range(0xC0, 0xE0)), TWO_BYTES),
    (bytes(range(0xE0, 0xF0)), THREE_BYTES),
    (bytes(range(0xF0, 0x100)), FOUR_BYTES),
)


def tokens_of(encoded: bytes) -> int:
    """Return roughly how many tokens a text in UTF-8 costs, rounded up."""
    return -(-weight_of(encoded) // 100)


def weight_of(encoded: bytes) -> int:
    """Return the same in hundredths of a token."""
    signs = encoded.translate(None, LETTERS)
    others = signs.translate(None, DIGITS)
    weight = (len(encoded) - len(signs)) * LETTER + (len(signs) - len(others)) * DIGIT
    if others.isascii():
        return weight + len(others) * SIGN
    rest = others.translate(None, ASCII)
    weight += (len(others) - len(rest)) * SIGN
    return weight + sum((len(rest) - len(rest.translate(None, starts))) * each for starts, each in STARTS)


def fits(encoded: bytes, tokens: int) -> bool:
    """Return whether a text costs at most so many tokens; of a short one, its length says so."""
    return len(encoded) * MOST_A_BYTE <= tokens * 100 or weight_of(encoded) <= tokens * 100


def start_within(text: str, tokens: int) -> str:
    """Return the longest start of a text that costs at most so many tokens."""
    most = min(len(text), tokens * 100 // LETTER)
    return text[: longest(most, lambda length: fits(text[:length].encode(), tokens))]


def longest(most: int, fits_with: Callable[[int], bool]) -> int:
    """Return the greatest length up to `most` with which something fits, where it fits with every lesser one too."""
    return bisect_left(range(1, most + 1), True, key=lambda length: not fits_with(length))
