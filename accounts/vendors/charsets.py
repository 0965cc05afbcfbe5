"""In which charset an answer is written, and the parameters of its headers."""

import codecs
from email.message import Message

from accounts.vendors.upstream import UpstreamResponse

# Python decodes by these too. They are ways to write names and literals: some make halves of characters, which no JSON
# may hold, and one takes minutes over a long answer.
NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
MAX_HEADER = 1000
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def charset_of(response: UpstreamResponse) -> str:
    """Return the charset that an answer names, where it is one that can be read."""
    told = response.headers.get("content-type", "")
    return _known_charset(parameter(told, "charset")) if "charset" in told.lower() else ""


def _known_charset(told: str) -> str:
    try:
        known = codecs.lookup(told)
    except (LookupError, ValueError):
        return ""
    # Python also has codecs, such as `zlib` and `rot13`, that are no charsets.
    return known.name if known._is_text_encoding and known.name not in NO_CHARSETS else ""


def decoded(content: bytes, charset: str) -> str:
    """Return bytes as text; a byte order mark counts more than the charset (HTML standard, Encoding sniffing)."""
    for mark, marked in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(marked, "replace")
    return content.decode(charset, "replace")


def parameter(header: str, name: str) -> str:
    """Return a parameter of a header, also in the extended form of RFC 8187."""
    message = Message()
    # The parser takes the square of a header's length, and a vendor may repeat a header as often as it likes.
    message["content-disposition"] = header[:MAX_HEADER].replace("\r", " ").replace("\n", " ")
    value = message.get_param(name, "", "content-disposition")
    if isinstance(value, tuple):
        charset, _, text = value
        return _decoded_parameter(text, _known_charset(charset or "") or "utf-8", "replace")
    # Many vendors put UTF-8 into headers as it is.
    return _decoded_parameter(str(value), "utf-8", "strict")


def _decoded_parameter(text: str, charset: str, errors: str) -> str:
    try:
        return text.encode("latin-1").decode(charset, errors)
    except (LookupError, UnicodeError):
        return text
