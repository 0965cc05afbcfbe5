"""`manage.py load_integration`: load bundles of integrations; those that come with Patchbay unless files are named."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.errors import DefinitionInvalid
from tools.bundles import Loaded, load_bundle
from tools.errors import BundleInvalid

BUNDLED = Path(settings.BASE_DIR) / "integrations"


class Command(BaseCommand):
    """Load bundles; safe to repeat."""

    help = "Load integration bundles (YAML or JSON). Records that an editor changed are kept unless --overwrite."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take files, and --overwrite."""
        parser.add_argument(
            "files", nargs="*", type=Path, help="Bundle files; all of integrations/ when none is named."
        )
        parser.add_argument("--overwrite", action="store_true", help="Replace records that an editor changed.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load each file; stop at the first that does not fit, with its problems."""
        for path in options["files"] or sorted(BUNDLED.glob("*.yaml")):
            try:
                loaded = load_bundle(path.read_text(), overwrite=options["overwrite"])
            except OSError as problem:
                raise CommandError(f"{path} cannot be read: {problem.strerror}.") from None
            except (BundleInvalid, DefinitionInvalid) as problem:
                raise CommandError(f"{path} was not loaded; nothing was changed.\n{problem}") from None
            if options["verbosity"]:
                self.stdout.write(summary(path, loaded))


def summary(path: Path, loaded: Loaded) -> str:
    """Return what loading did, for people."""
    lines = [
        f"{path.name}: {loaded.integration.label}, {len(loaded.created)} records created, "
        f"{len(loaded.updated)} updated, {len(loaded.unchanged)} unchanged, {len(loaded.kept)} kept as edited."
    ]
    lines += [f"  draft {key}: {reason}" for key, reasons in loaded.drafts.items() for reason in reasons]
    return "\n".join(lines)
