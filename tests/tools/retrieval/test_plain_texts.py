"""Records as plain text: lines without markup, whatever was written."""

import pytest

from tools.retrieval.plain_texts import as_lines, one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A <b>bold</b> title", "A bold title"),
        ("a < b & c", "a < b & c"),
        ("[Click](https://evil.example 'x')", "Click (https://evil.example)"),
        ("![](https://evil.example/p.png)", "(https://evil.example/p.png)"),
        ("two\nlines\tand  more", "two lines and more"),
        ("zero\u200bwidth", r"zero\u{200b}width"),
        ("x" * 50, f"{'x' * 19}…"),
        ("[" * 100_000, f"{'[' * 19}…"),
    ],
)
def test_a_title_is_one_line_of_plain_text(text: str, shown: str) -> None:
    assert one_line(text, 40 if len(text) < 50 else 20) == shown


def test_a_record_becomes_lines_of_names_and_values() -> None:
    record = {
        "subject": "Refund",
        "closed": False,
        "rating": None,
        "tags": ["billing", 7],
        "body": "One.\nTwo.",
        "history": [{"by": "Ana", "text": "Hello"}, {"by": "Bo", "meta": {"n": 1}}],
        "none": [],
    }
    assert as_lines(record).splitlines() == [
        "subject: Refund",
        "closed: false",
        "tags: billing, 7",
        "body:",
        "  One.",
        "  Two.",
        "history:",
        "  - by: Ana",
        "    text: Hello",
        "  - by: Bo",
        "    meta:",
        "      n: 1",
    ]
