"""What differs between two versions, as pieces of text."""

import time

import pytest

from tools.documentation.history import Piece, PieceKind
from tools.documentation.history import line_pieces as lines
from tools.documentation.history import word_pieces as words


def text_of(pieces: list[Piece], *parts: PieceKind) -> str:
    return "".join(piece.text for piece in pieces if piece.part in parts)


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "new text"), ("old text", ""), ("one two three", "one three four"), ("a\n\nb", "a\nb"), ("<b>", "<i>")],
)
def test_the_pieces_of_a_text_make_both_versions(before: str, after: str) -> None:
    pieces = list(words(before, after))
    assert text_of(pieces, PieceKind.SAME, PieceKind.REMOVED) == before
    assert text_of(pieces, PieceKind.SAME, PieceKind.ADDED) == after


def test_a_text_is_compared_word_by_word() -> None:
    assert list(words("Lists all cases.", "Lists open cases.")) == [
        Piece(PieceKind.SAME, "Lists "),
        Piece(PieceKind.REMOVED, "all"),
        Piece(PieceKind.ADDED, "open"),
        Piece(PieceKind.SAME, " cases."),
    ]


def test_a_document_is_compared_line_by_line_and_what_is_left_out_is_told() -> None:
    before = "\n".join(map(str, range(20)))
    pieces = list(lines(before, before.replace("10\n", "ten\n")))
    assert [(piece.part.value, piece.text) for piece in pieces] == [
        ("skipped", "7 lines unchanged"),
        ("same", "7"), ("same", "8"), ("same", "9"),
        ("removed", "10"), ("added", "ten"),
        ("same", "11"), ("same", "12"), ("same", "13"),
        ("skipped", "6 lines unchanged"),
    ]  # fmt: skip


def test_documents_too_long_to_be_compared_are_shown_in_the_time_that_takes() -> None:
    before, after = ("\n".join(f"{n * step}" for n in range(30_000)) for step in (3, 7))
    started = time.thread_time()
    pieces = list(lines(before, after))
    assert time.thread_time() - started < 8  # the way that compares each with each takes minutes
    assert len([piece for piece in pieces if piece.part is PieceKind.ADDED]) > 29_000
