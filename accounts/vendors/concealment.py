"""Mask an account's credentials in its vendor's answers: the only place that searches answers for them.

A vendor may repeat a credential anywhere: in a body, a header, an error, the link to the next page, a member's name.
An answer is masked before anything else reads it, so that results, records and pages cannot differ.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from html import unescape
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

import orjson

from accounts import bounded_json
from accounts.errors import NotJSON, UpstreamRevealing
from accounts.vendors.answers.charsets import charset_of, decoded
from accounts.vendors.upstream import UpstreamResponse

# What replaces a secret in everything that is shown or stored.
MASK = "•••"
# A shorter text may occur in any sentence by chance.
SHORTEST_SECRET = 6
# An answer of fewer bytes is searched for rare forms too.
SMALL = 4096
# How many levels of quoting are undone: JSON in a member of JSON, a link within a link.
ROUNDS = 3
# Charsets whose bytes are searched without decoding.
PLAIN_CHARSETS = frozenset({"", "ascii", "utf-8"})

# The characters of most credentials: letters, digits, and those of Base64 and of addresses.
USUAL = re.compile(r"[A-Za-z0-9._~+/=-]*")
# Such a character in quoted form, or a quoted sign that begins a quotation: without one, nothing need be decoded.
QUOTED_USUAL = {
    b"\\": re.compile(rb"\\(?:u00|x)(?:2[b-fB-F]|3[0-9dD]|[46][0-9a-fA-F]|5[0-9aAcCfF]|7[0-9aAeE]|2[56])"),
    b"&": re.compile(rb"&#(?:0*(?:3[78]|4[3-9]|5[0-7]|6[15-9]|[78][0-9]|9[0-57-9]|1[0-2][0-9])|[xX])"),
    b"%": re.compile(rb"%(?:2[5bBd-fD-F]|3[0-9dD]|[46][1-9a-fA-F]|5[0-9aAfF]|7[0-9aAeE])"),
}
QUOTED = {b"\\": re.compile(rb"\\[ux\"'\\/]"), b"&": re.compile(rb"&[#a-zA-Z]"), b"%": re.compile(rb"%[0-9a-fA-F]{2}")}
ESCAPE = re.compile(
    rb"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    rb'|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(["\'\\/])'
)
NUMBER = re.compile(r"[-+.eE0-9]+")
# An escape such as `\n` in JSON, whose letter is not part of the text.
LETTER_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\[bfnrt]")
ENTITY = re.compile(rb"&(?:#0{0,64}[0-9]{1,7};?|#[xX]0{0,64}[0-9a-fA-F]{1,6};?|[a-zA-Z]{2,8};)")
ENTITY_NAMES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


class SecretMask:
    """The credentials of one account at one moment, and every form in which an answer may repeat them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        long = sorted({text for text in secrets if len(text) >= SHORTEST_SECRET}, key=len)
        # A secret that contains another one, such as a whole header, is found by that one.
        self.values = tuple(text for at, text in enumerate(long) if not any(part in text for part in long[:at]))
        self._has_number = any(NUMBER.fullmatch(text) for text in self.values)
        self._has_slash = any("/" in text for text in self.values)
        self._quoted = QUOTED_USUAL if USUAL.fullmatch("".join(self.values)) else QUOTED

    def __repr__(self) -> str:
        return f"<{len(self.values)} secrets>"

    # Made at the first answer: most accounts of a large installation are quiet.
    @cached_property
    def _needles(self) -> tuple[bytes, ...]:
        return tuple(dict.fromkeys(needle for text in self.values for needle in _needles(text)))

    @cached_property
    def _rare_needles(self) -> tuple[bytes, ...]:
        return tuple(dict.fromkeys(needle for text in self.values for needle in _rare_needles(text)))

    def masked(self, response: UpstreamResponse) -> UpstreamResponse:
        """Return an answer with the secrets masked; raise UpstreamRevealing if they cannot be."""
        if not self._needles:
            return response
        headers = response.headers
        if self._are_in("\n".join([*headers, *headers.values()]).encode("latin-1", "replace"), lowered=True):
            headers = {self._header(name): self._header(value) for name, value in headers.items()}
        body = _searchable(response)
        if not self._are_in(body, thorough=len(body) < SMALL or response.status >= 400):
            return response if headers is response.headers else replace(response, headers=headers)
        return self._rewritten(replace(response, headers=headers))

    def conceal(self, text: str) -> str:
        """Return the text with the secrets masked; whole lines, or all of it, if they cannot be singled out."""
        if not self._are_in_text(text):
            return text
        text = self._pattern.sub(MASK, text)
        if self._are_in_text(text):  # in a form unknown to the pattern: mask the whole line
            text = "\n".join(MASK if self._are_in_text(line) else line for line in text.split("\n"))
        return MASK if self._are_in_text(text) else text

    def _are_in_text(self, text: str) -> bool:
        return self._are_in(text.encode("utf-8", "surrogatepass"), thorough=True)

    @cached_property
    def _lowered(self) -> tuple[bytes, ...]:
        return tuple(needle.lower() for needle in (*self._needles, *self._rare_needles))

    def _are_in(self, content: bytes, *, lowered: bool = False, thorough: bool = False) -> bool:
        """Return whether the bytes contain a secret; if not, which is usual, this costs one search for each needle.

        `lowered` ignores case, as the names of headers do; `thorough` searches for rare forms too.
        """
        needles = self._lowered if lowered else self._needles
        if thorough and not lowered:
            needles += self._rare_needles
        if _holds(content.lower() if lowered else content, needles):
            return True
        return self._is_quoted(content) and any(
            _holds(form.lower() if lowered else form, needles) for form in self._decodings(content)
        )

    def _is_quoted(self, content: bytes) -> bool:
        """Return whether the bytes may contain quoting; most do not, which this finds out quickly."""
        return b"\\" in content or b"%" in content or b"&" in content or b"\0" in content

    def _decodings(self, content: bytes) -> Iterator[bytes]:
        """Yield the bytes with one kind of quoting after another undone, for up to ROUNDS levels."""
        for _ in range(ROUNDS):
            previous = content
            if self._has_slash and b"\\/" in content:  # PHP escapes every slash: too many to decode one by one
                yield (content := content.replace(b"\\/", b"/"))
            for sign, decode in DECODERS:
                if sign in content and self._quoted[sign].search(content):
                    yield (content := decode(content))
            if b"\0" in content:  # UTF-16 without a declared charset
                yield (content := content.replace(b"\0", b""))
            if content == previous:
                return

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """A pattern that matches the secrets with each character in any of its forms."""
        encoded = (re.escape(needle.decode()) for needle in self._needles)
        return re.compile("|".join([*("".join(map(_any_form, text)) for text in self.values), *encoded]))

    def _header(self, text: str) -> str:
        """Return a header's name or value, read as Latin-1, with the secrets masked in any case of their letters."""
        if not self._are_in(text.encode("latin-1", "replace"), lowered=True):
            return text
        masked = re.sub(self._pattern.pattern, MASK, text, flags=re.IGNORECASE)
        is_left = masked == text or self._are_in(masked.encode(), lowered=True)
        return MASK if is_left else masked

    def _rewritten(self, response: UpstreamResponse) -> UpstreamResponse:
        text = decoded(response.body, charset_of(response) or "utf-8")
        if "\ufffd" in text or "\0" in text:
            raise UpstreamRevealing("a file that repeats the account's credentials, which is not passed on")
        try:
            body = orjson.dumps(self._in_json(bounded_json.loads(text.encode())))
            read = LETTER_ESCAPE.sub(b" ", body)
        except NotJSON:
            read = body = self.conceal(text).encode("utf-8", "replace")
        if self._are_in(read):  # across members, for instance, with no single value that contains it
            raise UpstreamRevealing("the account's credentials, in a form in which they cannot be masked")
        headers = {**response.headers, "content-type": f"{response.media_type or 'text/plain'}; charset=utf-8"}
        return replace(response, headers=headers, body=body)

    def _in_json(self, value: Any) -> Any:
        match value:
            case str():
                return self.conceal(value) if len(value) >= SHORTEST_SECRET else value
            case dict():
                return {self.conceal(name): self._in_json(member) for name, member in value.items()}
            case list():
                return [self._in_json(item) for item in value]
            case int() | float() if self._has_number and self._are_in_text(str(value)):
                return MASK
            case _:
                return value


def _holds(content: bytes, needles: tuple[bytes, ...]) -> bool:
    # A loop, not any(): this runs for every answer, and a generator costs more than the searches.
    for needle in needles:  # noqa: SIM110
        if needle in content:
            return True
    return False


def _searchable(response: UpstreamResponse) -> bytes:
    """Return a body in UTF-8, unchanged if its charset is close enough for a search."""
    charset = charset_of(response)
    return response.body if charset in PLAIN_CHARSETS else decoded(response.body, charset).encode("utf-8", "replace")


def _needles(secret: str) -> Iterator[bytes]:
    """Yield what to search for; quoting of single characters is undone in the searched bytes instead."""
    content = secret.encode()
    yield content
    if " " in secret:
        yield quote_plus(secret).encode()
    yield from _in_base64(content, 0)


def _rare_needles(secret: str) -> Iterator[bytes]:
    """Yield a secret inside the Base64 of a longer text, such as an echoed request; searched for only where cheap."""
    for before in (1, 2):
        yield from _in_base64(secret.encode(), before)


def _in_base64(content: bytes, before: int) -> Iterator[bytes]:
    """Yield, in both alphabets, the Base64 that these bytes alone determine, `before` bytes into a longer text."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        written = encode(b"\0" * before + content).rstrip(b"=")
        yield written[(before * 8 + 5) // 6 : (before + len(content)) * 8 // 6]


def _any_form(sign: str) -> str:
    """Return a pattern for one character: plain, escaped, as an entity, or percent-encoded, even repeatedly."""
    code = ord(sign)
    forms = [
        rf"\\{{0,3}}{re.escape(sign)}" if sign in "\"'\\/" else re.escape(sign),
        "".join(rf"%(?:25)*(?i:{octet:02x})" for octet in sign.encode()),
        "".join(rf"\\{{1,8}}u(?i:{unit:04x})" for unit in _units(sign)),
        rf"&#0*{code};|&#[xX]0*(?i:{code:x});",
    ]
    if code < 0x100:
        forms.append(rf"\\{{1,8}}x(?i:{code:02x})")
    if sign in ENTITY_NAMES:
        forms.append(f"&{ENTITY_NAMES[sign]};")
    return f"(?:{'|'.join(forms)})"


def _units(sign: str) -> Iterator[int]:
    """Yield a character's UTF-16 code units, which JSON's escapes consist of."""
    written = sign.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(written[at : at + 2]) for at in range(0, len(written), 2))


def _unescaped(found: "re.Match[bytes]") -> bytes:
    high, low, unit, octet, sign = found.groups()
    if high:
        return bytes.fromhex((high + low).decode()).decode("utf-16-be").encode()
    if sign:
        return bytes(sign)
    return chr(int(unit or octet, 16)).encode("utf-8", "surrogatepass")


def _character(found: "re.Match[bytes]") -> bytes:
    return unescape(found[0].decode()).encode("utf-8", "surrogatepass")


def _without_escapes(content: bytes) -> bytes:
    return ESCAPE.sub(_unescaped, content)


def _without_entities(content: bytes) -> bytes:
    return ENTITY.sub(_character, content)


# By the sign with which such quoting begins, from the outermost to the innermost in the usual nesting.
DECODERS: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\\", _without_escapes),
    (b"&", _without_entities),
    (b"%", unquote_to_bytes),
)
