"""Keep an account's credentials out of what its vendor answers: the one place where an answer is searched for them.

A vendor may repeat a credential anywhere: in a body, a header, an error, the link to the next page, the name of a
member. An answer is masked before anything else reads it, so that results, records and pages cannot differ.
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
from accounts.vendors.charsets import charset_of, decoded
from accounts.vendors.upstream import UpstreamResponse

# What stands in the place of a secret wherever something is shown or kept.
MASK = "•••"
# A shorter text may stand in any sentence by chance.
SHORTEST_SECRET = 6
# An answer of fewer bytes is searched for what is rare too.
SMALL = 4096
# How often what is quoted may be quoted again: JSON in a member of JSON, a link within a link.
ROUNDS = 3
# Charsets in which ASCII is written as ASCII.
PLAIN_CHARSETS = frozenset({"", "ascii", "utf-8"})

# What most credentials are made of: letters, digits, and the signs of Base64 and of addresses.
USUAL = re.compile(r"[A-Za-z0-9._~+/=-]*")
# Such a sign, or the sign that begins a quotation, quoted in a way: what does not hold one need not be decoded.
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
# A line break as JSON writes it, whose letter is none of the text.
LETTER_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\[bfnrt]")
ENTITY = re.compile(rb"&(?:#0{0,64}[0-9]{1,7};?|#[xX]0{0,64}[0-9a-fA-F]{1,6};?|[a-zA-Z]{2,8};)")
ENTITY_NAMES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


class SecretMask:
    """The credentials of one account at one moment, and every form in which they may be repeated."""

    def __init__(self, secrets: Iterable[str]) -> None:
        long = sorted({text for text in secrets if len(text) >= SHORTEST_SECRET}, key=len)
        # What holds another secret, such as a whole header, is found by it.
        self.values = tuple(text for at, text in enumerate(long) if not any(part in text for part in long[:at]))
        self._needles = tuple(dict.fromkeys(needle for text in self.values for needle in _needles(text)))
        self._rare_needles = tuple(dict.fromkeys(needle for text in self.values for needle in _rare_needles(text)))
        self._has_number = any(NUMBER.fullmatch(text) for text in self.values)
        self._has_slash = any("/" in text for text in self.values)
        self._quoted = QUOTED_USUAL if USUAL.fullmatch("".join(self.values)) else QUOTED

    def __repr__(self) -> str:
        return f"<{len(self.values)} secrets>"

    def masked(self, response: UpstreamResponse) -> UpstreamResponse:
        """Return an answer without the secrets; raise UpstreamRevealing where they cannot be taken out of it."""
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
        """Return a text without the secrets."""
        if not self._are_in_text(text):
            return text
        text = self._pattern.sub(MASK, text)
        if self._are_in_text(text):  # in a form that the pattern does not know: no line that holds it is shown
            text = "\n".join(MASK if self._are_in_text(line) else line for line in text.split("\n"))
        return MASK if self._are_in_text(text) else text

    def _are_in_text(self, text: str) -> bool:
        return self._are_in(text.encode("utf-8", "surrogatepass"), thorough=True)

    @cached_property
    def _lowered(self) -> tuple[bytes, ...]:
        return tuple(needle.lower() for needle in (*self._needles, *self._rare_needles))

    def _are_in(self, content: bytes, *, lowered: bool = False, thorough: bool = False) -> bool:
        """Tell whether a secret is in a content; the usual one, without any, costs a search for each needle.

        `lowered` takes capital letters for small ones, as in the names of headers.
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
        """Tell at once, for most contents, that nothing in them has to be undone."""
        return b"\\" in content or b"%" in content or b"&" in content or b"\0" in content

    def _decodings(self, content: bytes) -> Iterator[bytes]:
        """Yield what a content is once each kind of quoting in it is undone, and what that quotes."""
        for _ in range(ROUNDS):
            before = content
            if self._has_slash and b"\\/" in content:  # as PHP writes every one of them: too many to look at singly
                yield (content := content.replace(b"\\/", b"/"))
            for sign, decode in DECODERS:
                if sign in content and self._quoted[sign].search(content):
                    yield (content := decode(content))
            if b"\0" in content:  # UTF-16 that does not say so
                yield (content := content.replace(b"\0", b""))
            if content == before:
                return

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """What finds secrets in a text, each character in any of its forms."""
        encoded = (re.escape(needle.decode()) for needle in self._needles)
        return re.compile("|".join([*("".join(map(_any_form, text)) for text in self.values), *encoded]))

    def _header(self, text: str) -> str:
        """Return a header's name or value without the secrets: bytes as httpx reads them, whose case may be lost."""
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
        if self._are_in(read):  # across members, for instance, where no single value holds it
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
    # A loop, not any(): this is asked of every answer, and a generator costs more than the searches.
    for needle in needles:  # noqa: SIM110
        if needle in content:
            return True
    return False


def _searchable(response: UpstreamResponse) -> bytes:
    """Return a body in UTF-8; most are in it already, or close enough for a search."""
    charset = charset_of(response)
    return response.body if charset in PLAIN_CHARSETS else decoded(response.body, charset).encode("utf-8", "replace")


def _needles(secret: str) -> Iterator[bytes]:
    """Yield what to search for; forms in which single characters are quoted are undone in the content instead."""
    content = secret.encode()
    yield content
    if " " in secret:
        yield quote_plus(secret).encode()
    yield from _in_base64(content, 0)


def _rare_needles(secret: str) -> Iterator[bytes]:
    """Yield a secret in the Base64 of a longer text: an echo of a request, which is looked for where it is cheap."""
    for before in (1, 2):
        yield from _in_base64(secret.encode(), before)


def _in_base64(content: bytes, before: int) -> Iterator[bytes]:
    """Yield what is the same of a content in both alphabets of Base64, however a longer text goes on behind it."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        written = encode(b"\0" * before + content).rstrip(b"=")
        yield written[(before * 8 + 5) // 6 : (before + len(content)) * 8 // 6]


def _any_form(sign: str) -> str:
    """Return a pattern of one character as it is, escaped, as an entity, or percent-quoted, even twice."""
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
    """Yield a character's units of UTF-16, which JSON's escapes are written in."""
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


# Each by the sign that such quoting begins with, in the order in which one usually lies in another.
DECODERS: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\\", _without_escapes),
    (b"&", _without_entities),
    (b"%", unquote_to_bytes),
)
