"""A support team's tasks, done by a script that makes the calls a model would: the calls and tokens of each.

Run as `python -m benchmarks.model_tasks`. The simulator and the product are processes of their own, and the tasks run
against the demo's account. Tokens are those of arguments and results, a token being four characters; the listing of
all tools stands by itself. The program fails where a task is not done.
"""

import json

from benchmarks.model_tasks.scripted_model import OF_A_TOKEN, ScriptedModel, model_of_demo
from benchmarks.model_tasks.support_tasks import TASKS, Task

LISTED_BEFORE = "16,200, of 41 tools"


def main() -> None:
    """Start the demo, do the tasks, print the table."""
    with model_of_demo() as model:
        listed = model.ask("tools/list")["tools"]
        tokens = len(json.dumps(listed, separators=(",", ":"))) // OF_A_TOKEN
        print("| Task | Before: calls / tokens | Now | Done | What came of it |\n|---|---|---|---|---|")
        print(f"| The list of tools | {LISTED_BEFORE} | {tokens:,} | yes | {len(listed)} tools |")
        for task in TASKS:
            print(row(model, task), flush=True)


def row(model: ScriptedModel, task: Task) -> str:
    """Do a task; return its line of the table. Raises AssertionError where it was not done."""
    model.costs.clear()
    told = task.do(model)
    assert task.cannot in model.instructions(), f"no model learns that the account cannot {task.cannot}"
    done = f"this account cannot {task.cannot}" if task.cannot else "yes"
    now = f"{len(model.costs)} / {sum(model.costs):,}" if model.costs else "–"
    return f"| {task.name} | {task.before} | {now} | {done} | {told} |"


if __name__ == "__main__":
    main()
