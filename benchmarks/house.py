"""The code base in figures: modules in each folder, lines, and import cycles among files and folders.

Run as `python -m benchmarks.house [FOLDER]`; FOLDER is a checkout, such as a worktree of an earlier commit.
"""

import sys
from collections import Counter
from pathlib import Path

import grimp

APPS = ("accounts", "tools", "mcpservers", "api", "portal", "config")
Edges = dict[str, set[str]]


def main() -> None:
    """Print the figures of a checkout."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    apps = [app for app in APPS if (root / app / "__init__.py").exists()]
    files = [path for app in apps for path in (root / app).rglob("*.py") if "migrations" not in path.parts]
    lines = {path: len(path.read_text().splitlines()) for path in files}
    folders = Counter(str(path.parent.relative_to(root)) for path in files if path.name != "__init__.py")
    for folder, count in sorted(folders.items()):
        print(f"{count:4} {folder}")
    print(f"{sum(folders.values())} modules in {len(folders)} folders, {sum(lines.values()):,} lines")
    sys.path.insert(0, str(root))
    graph = grimp.build_graph(*apps, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    packages = {name.rpartition(".")[0] for name in imports} - {""}
    among_files = circles(imports)
    among_folders = [circle for package in sorted(packages) for circle in circles(siblings(imports, package))]
    for circle in [*among_files, *among_folders]:
        print("circle:", " ⇄ ".join(sorted(circle)))
    print(f"circles of files: {len(among_files)}; of files and folders beside one another: {len(among_folders)}")


def siblings(imports: Edges, package: str) -> Edges:
    """Return which children of a package import each other, each including everything below it."""

    def child(name: str) -> str:
        return ".".join(name.split(".")[: package.count(".") + 2]) if name.startswith(f"{package}.") else ""

    made: Edges = {}
    for name, imported in imports.items():
        if child(name):
            made.setdefault(child(name), set()).update(child(each) for each in imported if child(each))
    return {name: imported - {name} for name, imported in made.items()}


def circles(edges: Edges) -> list[set[str]]:
    """Return the groups of names that can reach each other."""
    reached = {name: _reached(edges, name) for name in edges}
    found: list[set[str]] = []
    for name in sorted(edges):
        group = {other for other in reached[name] if name in reached.get(other, ())}
        if group and not any(name in known for known in found):
            found.append(group | {name})
    return found


def _reached(edges: Edges, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


if __name__ == "__main__":
    main()
