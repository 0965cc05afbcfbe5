"""Regular expressions: written for every engine where they can be, and never read otherwise than they are meant."""

import re

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.catalogue.schemas.patterns import NEITHER, Pattern, read_pattern

SAMPLES = ["", "a", "ab", "A", "0", "12", "x", "a-", "a]", "[", "{2}", "/a/", "<", "a.b", "é", "&", "~", "a@x", "1&b"]
PIECES = [
    *"^$.*+?()[]{}|\\-/ab01&~ ,:=!<>@#", r"\d", r"\w", r"\-", r"\/", r"\.", r"\@", "[a-z]", r"[\w-", "{2}", "{1,3}",
    "(?:", "(?P<n>", r"\p{L}", r"\u00e9", "é", r"\A", r"\z", "[^", "&&", "--", "~~", "[[", "(?i)", "(?=", "a++",
]  # fmt: skip


def same(text: str) -> Pattern:
    return Pattern(text, text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("^[a-z]{2,3}$", same("^[a-z]{2,3}$")),
        (r"\A[0-9]+\z", same("^[0-9]+$")),
        (r"^(?P<n>x)(?<m>y)$", same("^(x)(y)$")),
        (r"^[\w\-\.]+\@x$", same(r"^[\w\-.]+@x$")),
        (r"^[\w-.]+$", same(r"^[\w\-.]+$")),
        (r"^[a-z[\]]*$", same(r"^[a-z\[\]]*$")),
        (r"^[^\u0000-\u001f]+\u00e9$", same(r"^[^\x00-\x1f]+é$")),
        (r"^[a&&b~~c+--]$", same(r"^[a&\x26b~\x7ec+-\-]$")),
        (r"^{id}$", same(r"^\{id\}$")),
        ("/^[a-z]+$/", same("^[a-z]+$")),
        (r"#^\d+$#u", same(r"^\d+$")),
        ("/v1/items", same("/v1/items")),
        # Not all engines take these, but the one here reads them as they are meant.
        ("/^[a-z]+$/i", Pattern("", "(?i)^[a-z]+$")),
        ("(?i)^[a-z]+$", Pattern("", "(?i)^[a-z]+$")),
        ("^(?!0{4})[0-9]{4}$", Pattern("", "^(?!0{4})[0-9]{4}$")),
        ("(?<!-)[a-z]+$", Pattern("", "(?<!-)[a-z]+$")),
        ("^(?=.*[A-Z]).{8,}$", Pattern("", "^(?=.*[A-Z]).{8,}$")),
        ("^a++$", Pattern("", "^a++$")),
        (r"^(a)\1$", Pattern("", r"^(a)\1$")),
        ("^(a{1,40}){1,40}$", Pattern("", "^(a{1,40}){1,40}$")),
        ("^\u200b$", Pattern("", r"^\u{200b}$")),
        # The one here would read these otherwise than their authors, or not at all.
        ("/a/", NEITHER),
        ("/^a$/x", NEITHER),
        ("^[[:alpha:]]+$", NEITHER),
        (r"^\h+$", NEITHER),
        (r"^[^\p{Cntrl}]*$", NEITHER),
        (r"^\p{IsLatin}+$", NEITHER),
        ("^(?>a)$", NEITHER),
        ("^[a-z&&[^b]]$", NEITHER),
        (r"\Qa.b\E", NEITHER),
        ("^a{,3}$", NEITHER),
        (r"\ud83d\ude00", NEITHER),
        ("^[]a]$", NEITHER),
        ("*", NEITHER),
        ("(", NEITHER),
        ("[b-a]", NEITHER),
        ("", NEITHER),
        ("a" * 2000, NEITHER),
        ("(" * 200 + ")" * 200, NEITHER),
    ],
)
def test_a_pattern_is_shared_checked_or_neither(written: str, read: Pattern) -> None:
    assert read_pattern(written) == read


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_what_is_shared_compiles_without_look_around_and_is_its_own_form(written: str) -> None:
    read = read_pattern(written)
    if read.shared:
        rust = jsonschema_rs.RegexOptions()
        jsonschema_rs.Draft202012Validator({"pattern": read.shared}, pattern_options=rust)
        assert read_pattern(read.shared) == read
        assert not re.search(r"\(\?(?!:)|\\[AzZuk1-9]|\+\+", read.shared.replace("\\\\", ""))


@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_the_form_for_all_engines_matches_what_was_written(written: str) -> None:
    read = read_pattern(written)
    if not read.shared or "/" in written or "#" in written:
        return
    try:
        meant = re.compile(written.replace(r"\z", r"\Z").replace(r"\p{L}", "[^\\W\\d_]"))
    except (re.error, FutureWarning):
        return
    shared = re.compile(read.shared.replace(r"\p{L}", "[^\\W\\d_]"))
    for sample in SAMPLES:
        assert (meant.search(sample) is None) == (shared.search(sample) is None), (written, read.shared, sample)
