"""What a record of the log says, whole and shortened."""

import logging


def message_of(record: logging.LogRecord) -> str:
    """Return a record's message; where its arguments do not fit, both, since no line may fail what it tells of."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} {record.args!r}"


def shortened(text: str, most: int) -> str:
    """Return a text without its middle where it has more than `most` characters, and how many are left out there."""
    if len(text) <= most:
        return text
    begin, end = most * 3 // 4, most // 4
    return f"{text[:begin]}…[{len(text) - begin - end:,} characters]…{text[len(text) - end :]}"
