"""Look up what a failure is told as, at the border that translates it."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def entry_for(failure: Exception, table: Mapping[type[Exception], T]) -> T:
    """Return the entry for a failure in a table of translations: that of its most specific class."""
    return next(table[kind] for kind in type(failure).__mro__ if kind in table)
