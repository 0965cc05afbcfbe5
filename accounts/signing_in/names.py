"""Normalise user names, so that variants share a count of failed sign-ins."""

import unicodedata

from accounts import tokens


def normalised_name(name: str) -> str:
    """Return the form of a name under which attempts are counted: NFKC and case-folded.

    Django's names are NFKC but case-sensitive. Two people whose names differ only in case merely share a pause.
    """
    # Case folding can undo the normalisation, so it is repeated.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def sign_in_digest(*parts: str) -> bytes:
    """Return the digest that is stored in place of names and addresses."""
    # NUL separates the parts unambiguously.
    return tokens.digest("\0".join(("sign-in", *parts)))
