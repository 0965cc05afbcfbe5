"""Whether search mode finds the tool that a model means: how often it comes first, among 5 and among 10.

Run as `python -m benchmarks.search_quality FILE...`, with OpenAPI documents. Queries are made by rule from each
operation, and written by hand for some documents (benchmarks/data/searches.txt). A third of them is held out from
tuning; `MRR` is the mean of 1 / place.
"""

import argparse
import re
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from benchmarks.installation import own_folder, set_up

set_up(DATA_DIR=own_folder(), LOG_LEVEL="ERROR")

from benchmarks.search_quality.queries import Query, queries_of  # noqa: E402  the apps must be loaded first
from tools.catalogue.compilation import compile_tool  # noqa: E402
from tools.catalogue.tool import Tool  # noqa: E402
from tools.models import Documentation  # noqa: E402
from tools.openapi.proposal import propose  # noqa: E402
from tools.openapi.reading.document import read  # noqa: E402
from tools.openapi.reading.operations import Operation, operations_of  # noqa: E402
from tools.search.index import ToolIndex  # noqa: E402

COLUMNS = ("", "Queries", "First", "Of 5", "Of 10", "MRR")


@dataclass(frozen=True)
class TriedQuery:
    """A query and the place of the first tool that would do, from 1; None if none is found."""

    document: str
    query: Query
    place: int | None


@dataclass(frozen=True)
class DocumentFigures:
    """What one document showed: trials, and milliseconds for its index and for each search."""

    tools: int
    trials: list[TriedQuery]
    index: float
    searches: list[float]


def measure(path: Path) -> DocumentFigures:
    """Import a document, index its tools and try its queries."""
    operations, tools = imported(path)
    started = time.perf_counter()
    index = ToolIndex(tool for _, tool in tools)
    took = time.perf_counter() - started
    keys = {tool.name: key for key, tool in tools}
    trials, searches = [], []
    for query in queries_of(path.stem, [operations[key] for key in keys.values()]):
        started = time.perf_counter()
        found = index.find(query.words)
        searches.append((time.perf_counter() - started) * 1000)
        place = next((at for at, tool in enumerate(found, 1) if keys[tool] in query.wanted), None)
        trials.append(TriedQuery(path.stem, query, place))
    return DocumentFigures(len(tools), trials, took * 1000, searches)


def imported(path: Path) -> tuple[dict[str, Operation], list[tuple[str, Tool]]]:
    """Return the operations of a document by key, and the tools that they become."""
    document = read(path.read_text(encoding="utf-8-sig"))
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")[:24]
    proposal = propose(document, name=name, base_url="https://api.vendor.example")
    tools = []
    for record in proposal.records:
        tool = compile_tool(proposal.definition, Documentation(**{**record, "published": True}))
        tools.append((proposal.keys[f"{record['resource']}.{record['method']}"], tool))
    return {operation.key: operation for operation in operations_of(document).read}, tools


def line_of(name: str, trials: list[TriedQuery]) -> str:
    """Return a line of the table."""
    places = [trial.place or 10**9 for trial in trials]
    shares = [f"{100 * sum(place <= most for place in places) / len(places):.1f} %" for most in (1, 5, 10)]
    mean = statistics.fmean(1 / place for place in places)
    return f"| {' | '.join([name, f'{len(places):,}', *shares, f'{mean:.3f}'])} |"


def print_missed(trials: list[TriedQuery]) -> None:
    """Print the written queries that did not find their tool among the first 5."""
    for trial in trials:
        if trial.query.kind == "written" and (trial.place or 10**9) > 5:
            print(f"    {trial.document}: {trial.query.words} ({trial.place or 'not found'})")


def print_table(rows: list[DocumentFigures]) -> None:
    """Print the figures by document, by kind and in all, each for both parts of the queries."""
    every = [trial for row in rows for trial in row.trials]
    groups: defaultdict[str, list[TriedQuery]] = defaultdict(list)
    for trial in every:
        groups[trial.document].append(trial)
    for trial in every:
        groups[f"{trial.query.kind}, {'held out' if trial.query.is_held_out else 'tuned'}"].append(trial)
    for trial in every:
        groups[f"all, {'held out' if trial.query.is_held_out else 'tuned'}"].append(trial)
    print(f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}", sep="\n")
    for name, trials in groups.items():
        print(line_of(name, trials))
    searches = [each for row in rows for each in row.searches]
    largest = max(rows, key=lambda row: row.tools)
    print(
        f"\n{sum(row.tools for row in rows):,} tools. A search: median {statistics.median(searches):.2f} ms, worst "
        f"{max(searches):.2f} ms; for the {largest.tools:,} tools of the largest document the median is "
        f"{statistics.median(largest.searches):.2f} ms, and its index takes {largest.index:.0f} ms."
    )


def main() -> None:
    """Print what was found how well, and what was not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--missed", action="store_true", help="Also print the written queries that fail.")
    options = parser.parse_args()
    rows = [measure(path) for path in options.files]
    print_table(rows)
    if options.missed:
        print_missed([trial for row in rows for trial in row.trials])


if __name__ == "__main__":
    main()
