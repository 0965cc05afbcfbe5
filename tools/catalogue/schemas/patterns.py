"""Read a schema's regular expressions: which of them every client takes, and which can be checked here.

Clients compile patterns with the engine of their own language, and many drop a tool, or all tools, over one that they
cannot. What ECMA-262 (with the flag `u`), Rust's regex and RE2 read alike is written so that all three take it:
needless escapes go, `\\A` and `\\z` become anchors, named groups plain ones. Everything else is no pattern for a
listing. It may still be checked here, but only where this engine reads it as its author meant it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from accounts.texts.invisible import SUSPECT
from tools.catalogue.schemas.json_schemas import SchemaRefused, compile_validator

MAX_PATTERN = 1000
MAX_NESTING = 50
# RE2 refuses more repetitions than this, also where nested ones multiply.
MAX_REPEATS = 1000
# As in PHP and JavaScript: an expression between delimiters, with modifiers behind them.
DELIMITED = re.compile(r"([/#~%@!])(.*)\1([a-zA-Z]*)", re.DOTALL)
HARMLESS_MODIFIERS, INLINE_MODIFIERS = frozenset("ugyDS"), frozenset("is")
MODIFIERS = HARMLESS_MODIFIERS | INLINE_MODIFIERS | frozenset("mxnAJUX")
# ECMA-262, IdentityEscape with the flag u: only these may follow a backslash.
SYNTAX = frozenset("^$\\.*+?()[]{}|")
IN_CLASS = frozenset("\\]^[-")
CLASSES, CONTROLS = frozenset("dDwWsS"), {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
WRITTEN = {character: f"\\{name}" for name, character in CONTROLS.items()}
# Unicode's general categories by their short names; RE2 knows no others, and Rust has none for halves of pairs.
CATEGORY = re.compile(r"L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfo]?")
SCRIPT = re.compile(r"(?:(?:Script|sc|scx|Script_Extensions)=[A-Za-z_]+|Latin|Greek|Cyrillic|Han|Arabic|Hebrew)")
REPEATS = re.compile(r"\{(\d{1,6})(?:(,)(\d{1,6})?)?\}")
FLAGS = re.compile(r"\?[is]+(?P<end>[:)])")
NAMED = re.compile(r"\?P?<[A-Za-z_][A-Za-z0-9_]*>")
LOOKING = re.compile(r"\?(?:<?[=!])")
PROPERTY = re.compile(r"([pP])\{([A-Za-z_=]{1,40})\}")
CODE_POINT = re.compile(r"x([0-9A-Fa-f]{2})|[xu]\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What becomes of a pattern: `shared` is for clients, `checked` for the validator here; empty if there is none."""

    shared: str
    checked: str


NEITHER = Pattern("", "")


def literal(text: str) -> str:
    """Return the regular expression of exactly this text, in which only ECMA-262's own characters are escaped."""
    return "".join(f"\\{character}" if character in SYNTAX else character for character in text)


@lru_cache(4096)
def read_pattern(written: str) -> Pattern:
    """Return what becomes of a pattern as its author wrote it."""
    if not 0 < len(written) <= MAX_PATTERN:
        return NEITHER
    bare, modifiers = _undelimited(written)
    if bare is None:
        return NEITHER
    reader = _Reader(bare)
    try:
        text = reader.read()
    except (_Malformed, IndexError, ValueError, OverflowError):
        return NEITHER
    shared = text if reader.is_shared and not modifiers else ""
    checked = shared or f"{modifiers}{text}"
    return Pattern(shared, checked if reader.is_readable and _compiles(checked) else "")


def _compiles(pattern: str) -> bool:
    try:
        compile_validator({"pattern": pattern})
    except SchemaRefused:
        return False
    return True


def _undelimited(written: str) -> tuple[str | None, str]:
    """Return an expression without delimiters, and its modifiers in inline form; None if its meaning is a guess."""
    found = DELIMITED.fullmatch(written)
    if found is None:
        return written, ""
    delimiter, bare, modifiers = found.groups()
    anchored = bare.startswith("^") or (bare.endswith("$") and not bare.endswith("\\$"))
    if not anchored and (delimiter != "/" or not bare or not set(modifiers) <= MODIFIERS):
        return written, ""
    if not anchored or not set(modifiers) <= HARMLESS_MODIFIERS | INLINE_MODIFIERS:
        return None, ""  # `/a/` is a delimited `a`, or the path `/a/`
    kept = "".join(sorted(set(modifiers) & INLINE_MODIFIERS))
    return bare, f"(?{kept})" if kept else ""


class _Malformed(ValueError):
    """No engine reads this, or each reads it differently."""


class _Reader:
    """Reads one expression from left to right and writes it down as all engines take it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._written: list[str] = []
        self._repeats: list[int] = [1]
        self.is_shared = True
        self.is_readable = True

    def read(self) -> str:
        """Return the expression as it is written for all engines; raise for one that is none."""
        while self._at < len(self._text):
            self._read_one()
        if len(self._repeats) != 1:
            raise _Malformed
        return "".join(self._written)

    def _read_one(self) -> None:
        character = self._taken()
        match character:
            case "^" | "$" | "|":
                self._write(character)
            case "(":
                self._open_group()
            case ")":
                self._close_group()
            case "[":
                self._write(self._character_class())
                self._quantifier(1)
            case "\\":
                self._escape()
            case "*" | "+" | "?":
                raise _Malformed  # it repeats nothing, or a repetition
            case "{" if self._text.startswith(",", self._at):
                raise _Malformed  # `{,3}`: up to three to some, these characters to others
            case ".":
                self._write(".")
                self._quantifier(1)
            case _:
                self._write(self._literal(character))
                self._quantifier(1)

    def _taken(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _matched(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _write(self, text: str) -> None:
        self._written.append(text)

    def _foreign(self, *, readable: bool = True) -> None:
        """Note that some client's engine refuses this, and whether the one here reads it as it is meant."""
        self.is_shared = False
        self.is_readable &= readable

    def _open_group(self) -> None:
        if len(self._repeats) > MAX_NESTING:
            raise _Malformed
        if found := self._matched(FLAGS):
            self._foreign()
            self._write(f"({found[0]}")
            if found["end"] == ")":
                return
        elif self._matched(NAMED):
            self._write("(")
        elif found := self._matched(LOOKING):
            self._foreign()
            self._write(f"({found[0]}")
        elif self._text.startswith("?:", self._at):
            self._at += 2
            self._write("(?:")
        elif self._text.startswith("?", self._at):
            raise _Malformed  # atomic, conditional, recursive: each engine has its own
        else:
            self._write("(")
        self._repeats.append(1)

    def _close_group(self) -> None:
        if len(self._repeats) == 1:
            raise _Malformed
        self._write(")")
        self._quantifier(self._repeats.pop())

    def _quantifier(self, inner: int) -> None:
        """Read what repeats the previous part, whose own repetitions multiply to `inner`."""
        most = 1
        if self._at < len(self._text) and self._text[self._at] in "*+?":
            self._write(self._taken())
        elif found := self._matched(REPEATS):
            low, high = int(found[1]), int(found[3] or found[1])
            if high < low:
                raise _Malformed
            most = max(low, high, 1)
            self._write(found[0])
        else:
            self._repeats[-1] = max(self._repeats[-1], inner)
            return
        if inner * most > MAX_REPEATS:
            self._foreign()
        self._repeats[-1] = max(self._repeats[-1], inner * most)
        if self._text.startswith("?", self._at):
            self._write(self._taken())
        elif self._text.startswith("+", self._at):  # possessive
            self._foreign()
            self._write(self._taken())

    def _escape(self) -> None:
        character = self._text[self._at]
        if character in "bB":
            self._at += 1
            self._write(f"\\{character}")
        elif character in "AzZ":
            self._at += 1
            self._write("^" if character == "A" else "$")
        elif character in "123456789":
            self._at += 1
            self._foreign()
            self._write(f"\\{character}")
            self._quantifier(1)
        else:
            literal = self._escaped()
            self._write(self._literal(literal) if len(literal) == 1 else literal)
            self._quantifier(1)

    def _escaped(self) -> str:
        """Return the one character that an escape stands for, or the escape itself if it stands for several."""
        if found := self._matched(PROPERTY):
            if not CATEGORY.fullmatch(found[2]):
                self._foreign(readable=SCRIPT.fullmatch(found[2]) is not None)
            return f"\\{found[0]}"
        if found := self._matched(CODE_POINT):
            return chr(int(found[1] or found[2] or found[3], 16))
        character = self._taken()
        if character in CLASSES:
            return f"\\{character}"
        if character in CONTROLS:
            return CONTROLS[character]
        if character == "c" and self._text[self._at].isascii() and self._text[self._at].isalpha():
            return chr(ord(self._taken()) % 32)
        if character == "0" and not self._text[self._at : self._at + 1].isdigit():
            return "\0"
        if character.isascii() and character.isalnum():
            raise _Malformed
        return character

    def _literal(self, character: str, syntax: frozenset[str] = SYNTAX) -> str:
        """Return how one character is written, outside a class or with a class's own syntax."""
        code = ord(character)
        if character in syntax:
            return f"\\{character}"
        if code <= 0xFF and not character.isprintable():
            return WRITTEN.get(character, f"\\x{code:02x}")
        if 0xD800 <= code <= 0xDFFF:
            raise _Malformed  # half of a pair, which only some engines see
        if SUSPECT.search(character) or not character.isprintable():
            self._foreign()
            return f"\\u{{{code:x}}}"
        return character

    def _character_class(self) -> str:
        """Return a class in brackets, without the brackets and operators that only some engines read inside it."""
        opening = "["
        if self._text.startswith("^", self._at):
            opening += self._taken()
        if self._text.startswith("]", self._at):
            raise _Malformed  # a literal bracket to some, an empty class to others
        members, has_bracket = self._members()
        if has_bracket and self._text.startswith("]", self._at):
            raise _Malformed  # a class inside a class to some, a class and a bracket to others
        # Rust takes a doubled `&` or `~` for an operator.
        members = members.replace("&&", "&\\x26").replace("~~", "~\\x7e")
        return f"{opening}{members}]"

    def _members(self) -> tuple[str, bool]:
        """Return what is between the brackets, and whether there is an opening bracket among it."""
        parts: list[str] = []
        has_bracket = False
        while not self._text.startswith("]", self._at):
            if self._text.startswith(("[:", "[.", "[=", "&&["), self._at):
                raise _Malformed
            has_bracket |= self._text[self._at] == "["
            first = self._member()
            if len(first) == 1 and self._starts_range():
                parts.append(self._range(first))
            else:
                parts.append(self._in_class(first))
        self._at += 1
        return "".join(parts), has_bracket

    def _starts_range(self) -> bool:
        """Return whether a hyphen follows that is neither the last in its class nor before a whole class."""
        rest = self._text[self._at : self._at + 3]
        return rest.startswith("-") and len(rest) > 1 and rest[1] != "]" and not re.match(r"-\\[dDwWsSpP]", rest)

    def _range(self, first: str) -> str:
        self._at += 1
        last = self._member()
        if len(last) != 1 or ord(last) < ord(first):
            raise _Malformed
        return f"{self._in_class(first)}-{self._in_class(last)}"

    def _member(self) -> str:
        character = self._taken()
        if character != "\\":
            return character
        if self._text.startswith("b", self._at):
            self._at += 1
            return "\b"
        return self._escaped()

    def _in_class(self, member: str) -> str:
        return member if len(member) > 1 else self._literal(member, IN_CLASS)
