"""Names that vendors write in many ways, in one form that can be compared with lists of words."""

MAX_NAME = 100


def plain_name(name: str) -> str:
    """Return a name in lower case, letters and digits only: `page[size]` and `pageSize` are `pagesize`."""
    lower = name[:MAX_NAME].lower()
    return lower if lower.isalnum() else "".join(filter(str.isalnum, lower))


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text, for a table of names."""
    return frozenset(text.split())
