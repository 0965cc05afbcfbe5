"""Load bundles as the operator of the installation does, from whom a test wants nothing more."""

from tools import bundles
from tools.bundles import Loaded
from tools.rights import Operator

OPERATOR = Operator("tests")


def load_bundle(text: str, *, overwrite: bool = False) -> Loaded:
    """Load a bundle."""
    return bundles.load_bundle(text, OPERATOR, overwrite=overwrite)
