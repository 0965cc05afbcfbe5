"""`manage.py import_openapi FILE --name SLUG`: propose an integration from an OpenAPI or Swagger document."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.texts.counting import counted
from tools.documentation.bundles import LoadResult, note_loaded
from tools.documentation.differences import named
from tools.documentation.groups import Selection
from tools.documentation.publishing import PublishResult, publish_drafts
from tools.management.files import file_problems
from tools.openapi.importing import ImportPlan, prepare
from tools.rights import Operator

OPERATOR = Operator("import_openapi")
MAX_LISTED = 20
MAX_GROUPS = 100


class Command(BaseCommand):
    """Import a description as draft records, which stay drafts until somebody publishes them."""

    help = "Import an API description (OpenAPI 3.0 to 3.2, Swagger 2.0) as a definition and draft records."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="The description, in JSON or YAML. Nothing it refers to is fetched."
        )
        parser.add_argument("--name", required=True, help="The integration's name; part of every tool's name.")
        parser.add_argument("--label", default="", help="What people call the vendor; by default the document's title.")
        parser.add_argument("--base-url", default="", help="The API's address, if not the one in the document.")
        parser.add_argument("--publish", action="store_true", help="Publish drafts that pass the quality gate.")
        parser.add_argument(
            "--tags", type=_names, default=frozenset(), help="With --publish: those with any of these tags, as in a,b."
        )
        parser.add_argument(
            "--resources", type=_names, default=frozenset(), help="With --publish: those of these resources too."
        )
        parser.add_argument("--all", action="store_true", help="With --publish: all of them, even if more than 100.")
        parser.add_argument("--overwrite", action="store_true", help="Replace records that an editor changed.")
        parser.add_argument("--withdraw", action="store_true", help="Agree that live tools are taken away.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would change.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object, and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import a file and report what changed; a file that cannot be imported changes nothing."""
        path: Path = options["file"]
        began = time.perf_counter()
        selection = Selection(options["tags"], options["resources"], options["all"])
        if selection.is_made and not options["publish"]:
            raise CommandError("--tags, --resources and --all say what to publish: say --publish too.")
        with file_problems(path, done="imported"):
            # Some editors begin a file with a byte order mark.
            text = path.read_bytes().decode("utf-8-sig")
            prepared = prepare(
                text,
                name=options["name"],
                label=options["label"],
                base_url=options["base_url"],
                overwrite=options["overwrite"],
            )
            loaded = prepared.compare()
            _check(selection, loaded)
            if loaded.warning:  # before anything is changed
                self.stderr.write(loaded.warning)
            if not options["dry_run"]:
                loaded = _load(prepared, withdraw=options["withdraw"])
            published = PublishResult()
            if options["publish"] and not options["dry_run"]:
                published = publish_drafts(loaded.integration, selection, OPERATOR, held=loaded.drafts)
        report = report_of(prepared, loaded, published, seconds=time.perf_counter() - began, dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
        elif options["verbosity"]:
            self.stdout.write(summary(report))


@transaction.atomic
def _load(prepared: ImportPlan, *, withdraw: bool) -> LoadResult:
    loaded = prepared.load(OPERATOR, withdraw=withdraw)
    if loaded.changes_something:
        note_loaded(OPERATOR, loaded, "description", overwrite=prepared.overwrite)
    return loaded


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _check(selection: Selection, loaded: LoadResult) -> None:
    """Raise CommandError for a tag or resource that the integration would not have."""
    problems = selection.problems(loaded.integration.parsed()) if selection.is_made else []
    if problems:
        advice = "Say --publish without --tags and --resources to see what there is."
        raise CommandError(" ".join(["Nothing was changed.", *problems, advice]))


def report_of(
    prepared: ImportPlan, loaded: LoadResult, published: PublishResult, *, seconds: float, dry_run: bool
) -> dict[str, Any]:
    """Return the whole report, as `--json` prints it."""
    proposal = prepared.proposal
    return {
        "name": loaded.integration.name,
        "label": loaded.integration.label,
        "operations": proposal.operations,
        "tools": prepared.tools(loaded),
        "refused": [{"operation": each.operation, "reason": each.reason} for each in proposal.refused],
        "seconds": round(seconds, 3),
        "largest_schema_bytes": prepared.largest_schema_bytes,
        "resources": len(proposal.document["resources"]),
        "authentication": loaded.integration.definition["authentication"]["kind"],
        "pagination": loaded.integration.definition["pagination"]["kind"],
        "notes": proposal.notes,
        "drafts": [{"record": key, "reasons": reasons} for key, reasons in loaded.drafts.items()],
        "published": len(published.published),
        **_choice_of(published),
        "dry_run": dry_run,
        "changes": {
            "definition": ["new"] if loaded.is_new else loaded.definition,
            "added": loaded.created,
            "changed": [{"record": key, "fields": fields} for key, fields in loaded.changes.items()],
            "unchanged": len(loaded.unchanged),
            "kept": loaded.kept,
            "gone": loaded.gone,
            "lost": [{"record": key, "reason": reason} for key, reason in loaded.lost.items()],
            "accounts_stopped": loaded.stops,
        },
    }


def _choice_of(published: PublishResult) -> dict[str, Any]:
    """Return whether somebody has to choose what to publish, and from what."""
    choice = published.choice
    if choice is None:
        return {"needs_choice": False}
    return {
        "needs_choice": True,
        "publishable": choice.weight.as_json(),
        "groups": [group.as_json() for group in choice.groups],
    }


def summary(report: dict[str, Any]) -> str:
    """Return the report as text for people."""
    changes = report["changes"]
    lines = [
        f"{report['label']} ({report['name']}): {counted(report['operations'], 'operation')}, "
        f"{counted(report['tools'], 'tool')}, {len(report['refused'])} refused, in {report['seconds']:.1f} s; "
        f"the largest schema has {counted(report['largest_schema_bytes'], 'byte')}.",
        f"Authentication: {report['authentication']}; pagination: {report['pagination']}.",
        *report["notes"],
        ("Would change" if report["dry_run"] else "Changed")
        + f": {counted(len(changes['added']), 'record')} added, {len(changes['changed'])} changed, "
        f"{changes['unchanged']} unchanged, {len(changes['kept'])} kept as edited, {len(changes['gone'])} no longer "
        "in the document.",
    ]
    lines += [f"  definition {each}" for each in changes["definition"][:MAX_LISTED]]
    lines += [f"  changed {each['record']}: {', '.join(each['fields'])}" for each in changes["changed"][:MAX_LISTED]]
    lines += [f"  {word}: {named(changes[word])}" for word in ("kept", "gone") if changes[word]]
    lines += [f"  lost tool {each['record']}: {each['reason']}" for each in changes["lost"][:MAX_LISTED]]
    lines += [f"  refused {each['operation']}: {each['reason']}" for each in report["refused"][:MAX_LISTED]]
    lines += [f"  draft {each['record']}: {' '.join(each['reasons'])}" for each in report["drafts"][:MAX_LISTED]]
    if report["needs_choice"]:
        lines += _asking(report)
    elif not report["dry_run"]:
        outcome = f"{report['published']} published." if report["published"] else "Nothing was published."
        lines.append(f"{outcome} Review the drafts in the admin: Integrations, {report['label']}, Review drafts.")
    return "\n".join(lines)


def _asking(report: dict[str, Any]) -> list[str]:
    """Return what to choose from, and how."""
    every, groups = report["publishable"], report["groups"]
    more = [f"  and {counted(len(groups) - MAX_GROUPS, 'group')} more; --json names all."]
    return [
        f"Nothing was published: {counted(every['drafts'], 'draft')} would be tools, about {every['tokens']:,} tokens "
        "in every conversation, which is more than models choose well from. Say --publish again with --tags a,b or "
        "--resources x,y for those that you mean, or with --all.",
        *(f"  {_weighed(group)}" for group in groups[:MAX_GROUPS]),
        *(more if len(groups) > MAX_GROUPS else []),
    ]


def _weighed(group: dict[str, Any]) -> str:
    name = f"tag {group['tag']}" if "tag" in group else f"resource {group['resource']}"
    return (
        f"{name}: {counted(group['drafts'], 'draft')} ({group['reads']:,} read, {group['writes']:,} write), "
        f"about {counted(group['tokens'], 'token')}"
    )
