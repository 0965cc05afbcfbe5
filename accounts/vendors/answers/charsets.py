"""Read the charset of an answer, and the parameters of its headers."""

import codecs
from email.message import Message

from accounts.vendors.upstream import UpstreamResponse

# Python has codecs for these too, but they encode names and literals: some produce lone surrogates, which JSON must not
# contain, and one takes minutes for a long answer.
NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
MAX_HEADER = 1000
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def charset_of(response: UpstreamResponse) -> str:
    """Return the charset that an answer names; empty if it names none, or one that is not supported."""
    media_type = response.headers.get("content-type", "")
    return _known_charset(parameter(media_type, "charset")) if "charset" in media_type.lower() else ""


def _known_charset(name: str) -> str:
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # Python also has codecs, such as `zlib` and `rot13`, that are not charsets.
    return known.name if known._is_text_encoding and known.name not in NO_CHARSETS else ""


def decoded(content: bytes, charset: str) -> str:
    """Decode bytes; a byte order mark takes precedence over the charset (HTML standard, Encoding sniffing)."""
    for mark, marked in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(marked, "replace")
    return content.decode(charset, "replace")


def parameter(header: str, name: str) -> str:
    """Return a header's parameter, also if it has the extended form of RFC 8187; empty if it is missing."""
    message = Message()
    # The parser takes quadratic time, and a vendor may repeat a header as often as it likes.
    message["content-disposition"] = header[:MAX_HEADER].replace("\r", " ").replace("\n", " ")
    value = message.get_param(name, "", "content-disposition")
    if isinstance(value, tuple):
        charset, _, text = value
        return _decoded_parameter(text, _known_charset(charset or "") or "utf-8", "replace")
    # Many vendors put unencoded UTF-8 into headers.
    return _decoded_parameter(str(value), "utf-8", "strict")


def _decoded_parameter(text: str, charset: str, errors: str) -> str:
    try:
        return text.encode("latin-1").decode(charset, errors)
    except (LookupError, UnicodeError):
        return text
