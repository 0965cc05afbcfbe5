"""Plain text from a vendor's: it is untrusted, may be Markdown or HTML, and is read by people and models."""

import html
import re
import unicodedata
from typing import Any

from accounts.texts.invisible import SUSPECT

MAX_READ = 20_000
COMMENTS = re.compile(r"<!--.{0,5000}?-->", re.DOTALL)
BLOCKS = re.compile(r"</?(?:p|br|div|li|ul|ol|h[1-6]|tr|table|pre)\b[^<>]{0,200}/?>", re.IGNORECASE)
TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
IMAGES = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\n]{0,500}\)")
LINKS = re.compile(r"\[([^\]\n]{0,300})\](?:\([^)\n]{0,1000}\)|\[[^\]\n]{0,100}\])")
FENCES = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
HEADINGS = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+", re.MULTILINE)
TABLE_ROWS = re.compile(r"^[ \t]*\|[^\n]*\|[ \t]*$", re.MULTILINE)
RULES = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$", re.MULTILINE)
EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.{1,300}?)(?<=\S)\1")
SPACES = re.compile(r"[^\S\n]+")
BREAKS = re.compile(r"\s*\n\s*\n\s*")
LINE_BREAK = re.compile(r"[ \t]*\n[ \t]*")
SENTENCE_END = re.compile(r"[.!?](?=\s)")


def plain(value: Any, limit: int, *, lines: bool = False) -> str:
    """Return a text without markup, control and hidden characters, at most `limit` characters long.

    It ends with a whole sentence if one ends within the limit. With `lines`, paragraphs are kept.
    """
    if not isinstance(value, str):
        return ""
    text = unicodedata.normalize("NFC", value[:MAX_READ].replace("\r", "\n"))
    text = FENCES.sub("", BLOCKS.sub("\n", COMMENTS.sub("", text)))
    text = RULES.sub("", TABLE_ROWS.sub("", HEADINGS.sub("", TAGS.sub("", text))))
    text = EMPHASIS.sub(r"\2", LINKS.sub(r"\1", IMAGES.sub("", text)))
    # Entities last: they are text, even if it looks like markup. They may also stand for hidden characters.
    text = visible(html.unescape(text))
    text = SPACES.sub(" ", text)
    text = BREAKS.sub("\n\n", text) if lines else text.replace("\n", " ")
    text = LINE_BREAK.sub("\n", text) if lines else SPACES.sub(" ", text)
    return shortened(text.strip(), limit)


def visible(text: str) -> str:
    """Return a text without invisible characters."""
    return SUSPECT.sub("", text)


def shortened(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, cut at the end of a sentence or else of a word."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    ends = [found.end() for found in SENTENCE_END.finditer(head)]
    if ends and ends[-1] > limit // 3:
        return head[: ends[-1]]
    cut = head.rfind(" ")
    return (head[:cut] if cut > limit // 2 else head).rstrip(" ,;:.") + "…"


def sentence(text: str) -> str:
    """Return a text that begins with a capital and ends with a full stop, as a sentence does."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?:…" else text + "."


def words_of(text: str) -> list[str]:
    """Return the words of a name in lower case, whichever way it joins them: snake, kebab, camel, dots."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]*", ascii_text)]


def slug(words: list[str], limit: int = 48) -> str:
    """Return words as a name in a definition, without the first ones if they are too many; empty if there are none."""
    kept = [word for word in words if word]
    while len(kept) > 1 and len("_".join(kept)) > limit:
        kept = kept[1:]
    name = "_".join(kept)[:limit].strip("_")
    # A definition's names begin with a letter.
    if name and not name[0].isalpha():
        name = f"n{name}"[:limit].strip("_")
    return name
