"""`manage.py load_integration`: load integration bundles; by default those that come with Patchbay."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.texts.counting import counted
from tools.documentation.bundles import LoadResult, compare_bundle, load_bundle, note_loaded
from tools.documentation.differences import named
from tools.errors import LossUnconfirmed
from tools.management.files import AGREE, file_problems
from tools.rights import Operator

OPERATOR = Operator("load_integration")
BUNDLED = Path(settings.BASE_DIR) / "integrations"


class Command(BaseCommand):
    """Load bundles; safe to repeat."""

    help = "Load integration bundles (YAML or JSON). Records that an editor changed are kept unless --overwrite."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="Bundle files; all of integrations/ if none is named.")
        parser.add_argument("--overwrite", action="store_true", help="Replace records that an editor changed.")
        parser.add_argument("--withdraw", action="store_true", help="Agree that live tools are taken away.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would change.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load each file; stop at the first that is invalid, and report its problems."""
        for path in options["files"] or sorted(BUNDLED.glob("*.yaml")):
            with file_problems(path, done="loaded"):
                try:
                    loaded = self._load(path, options)
                except LossUnconfirmed as loss:
                    if options["files"]:
                        raise
                    # An upgrade goes on with the tools that there are.
                    self.stderr.write(f"{path} was not loaded; nothing was changed.\n{loss}\n{AGREE}")
                    continue
            if options["verbosity"]:
                self.stdout.write(summary(path, loaded, dry_run=options["dry_run"]))

    def _load(self, path: Path, options: dict[str, Any]) -> LoadResult:
        """Warn of the accounts that a bundle stops before loading it."""
        text, overwrite = path.read_text(), options["overwrite"]
        compared = compare_bundle(text, overwrite=overwrite)
        if compared.warning:
            self.stderr.write(f"{path.name}: {compared.warning}")
        return compared if options["dry_run"] else _load(text, overwrite=overwrite, withdraw=options["withdraw"])


@transaction.atomic
def _load(text: str, *, overwrite: bool, withdraw: bool) -> LoadResult:
    loaded = load_bundle(text, OPERATOR, overwrite=overwrite, withdraw=withdraw)
    if loaded.changes_something:
        note_loaded(OPERATOR, loaded, "bundle", overwrite=overwrite)
    return loaded


def summary(path: Path, loaded: LoadResult, *, dry_run: bool) -> str:
    """Return, as text for people, what loading did or would do."""
    lines = [
        f"{path.name}{' (nothing is changed)' if dry_run else ''}: {loaded.integration.label}, "
        f"{counted(len(loaded.created), 'record')} created, {len(loaded.updated)} updated, "
        f"{len(loaded.unchanged)} unchanged, {len(loaded.kept)} kept as edited."
        + (f" {loaded.questions} to evaluate it." if loaded.questions else "")
    ]
    if dry_run:
        lines += [f"  definition {words}" for words in (["new"] if loaded.is_new else loaded.definition)]
        lines += [f"  new {key}" for key in loaded.created]
        lines += [f"  changed {key}: {', '.join(fields)}" for key, fields in loaded.changes.items()]
        lines += [f"  lost tool {key}: {reason}" for key, reason in loaded.lost.items()]
        lines += [f"  {word}: {named(keys)}" for word, keys in (("kept", loaded.kept), ("gone", loaded.gone)) if keys]
    lines += [f"  draft {key}: {reason}" for key, reasons in loaded.drafts.items() for reason in reasons]
    return "\n".join(lines)
