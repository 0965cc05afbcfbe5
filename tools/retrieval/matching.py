"""Compare records with words here, where the vendor has no text search."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from tools.member_paths import member_at

MOST_WORDS = 12
# Words of so few Latin letters, such as `of` and `my`, say nothing where there are others.
LEAST_LETTERS = 3
# Words that say nothing of a record.
COMMON = frozenset(
    {
        "about", "all", "and", "any", "are", "for", "from", "has", "have", "how", "that", "the", "this", "was", "what",
        "who", "with",
    }
)  # fmt: skip
WORD = re.compile(r"[^\W_]+")


def words_of(query: str) -> list[str]:
    """Return the words that are looked for; all of them, if none says more than the others."""
    words = [*dict.fromkeys(WORD.findall(_folded(query)))][:MOST_WORDS]
    telling = [word for word in words if not (word.isalpha() and word.isascii()) or len(word) >= LEAST_LETTERS]
    return [word for word in telling if word not in COMMON] or words


def best(records: Iterable[Any], words: list[str], members: list[str]) -> list[dict[str, Any]]:
    """Return the records that have at least half of the words, those with most of them first, else in their order."""
    patterns = [_pattern(word) for word in words]
    scored = []
    for record in records:
        if isinstance(record, dict):
            text = _folded(" ".join(_text(member_at(record, path.split("."))) for path in members))
            scored.append((sum(pattern.search(text) is not None for pattern in patterns), record))
    matching = [(score, record) for score, record in scored if score and 2 * score >= len(words)]
    return [record for _, record in sorted(matching, key=lambda each: -each[0])]


def _pattern(word: str) -> re.Pattern[str]:
    # Scripts that are written without spaces have no beginnings of words to look for.
    return re.compile(rf"(?<![^\W_]){re.escape(word)}" if word.isascii() else re.escape(word))


def _folded(text: str) -> str:
    """Return a text without the differences of case and of accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(sign for sign in apart if not unicodedata.combining(sign)))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_text, value))
    if isinstance(value, dict):
        return " ".join(map(_text, value.values()))
    return "" if value is None or isinstance(value, bool) else str(value)
