"""One spelling of the names that people sign in with, so that variants share a count."""

import unicodedata

from accounts import tokens


def normalised(name: str) -> str:
    """Return the spelling under which attempts with a name are counted.

    Django normalises names to NFKC and tells capitals apart. Here they are one all the same: to two people whose names
    differ in that alone it means at most a shared pause.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def digest_of(*parts: str) -> bytes:
    """Return what stands for names and addresses at rest."""
    return tokens.digest("\0".join(("sign-in", *parts)))
