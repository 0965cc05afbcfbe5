"""Compare email addresses."""

import string

# ASCII only: beyond it, different letters fold into one, such as the Kelvin sign into k.
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def same_address(one: str, other: str) -> bool:
    """Return whether two email addresses are the same, but for the case of ASCII letters."""
    return one.translate(_ASCII_LOWER) == other.translate(_ASCII_LOWER)
