"""Counts in words that people read."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an s in the plural: `1 tool`, `2 tools`, `1,200 calls`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
