"""Make generated calls and print what came of them; `benchmarks/generated_calls.py` starts this with its settings."""

import asyncio
import sys
import time
from collections import Counter

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from accounts.models import Environment  # noqa: E402
from accounts.texts.counting import counted  # noqa: E402
from accounts.vendors.upstream import close_shared_upstream  # noqa: E402
from tests.generated.staging import stage_of  # noqa: E402
from tests.generated.strategies import plans  # noqa: E402
from tests.generated.walks import Stage  # noqa: E402
from tools.record.recorder import recorder  # noqa: E402

# Walks between two looks at how many calls there were.
ROUND = 200
MOST_SHOWN = 10
KINDS = {"Untranslated": "untranslated exceptions", "Escaped": "escapes", "Invalid": "invalid results"}


class Run:
    """Rounds of walks on one stage, and what went wrong in them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stage: Stage) -> None:
        self._loop, self._stage = loop, stage
        self.wrong: Counter[str] = Counter()
        self.shown: list[str] = []

    def round(self, number: int | None) -> None:
        """Make one round; the same number makes the same one."""

        @settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        )
        @given(st.data())
        def walk(data: st.DataObject) -> None:
            self._walk(data)

        (walk if number is None else seed(number)(walk))()
        recorder.discard()

    def _walk(self, data: st.DataObject) -> None:
        plan = data.draw(plans(self._stage.tools))
        try:
            self._loop.run_until_complete(self._stage.walk(plan, data))
        except AssertionError as failure:
            kind = type(failure).__name__
            self.wrong[kind] += 1
            if len(self.shown) < MOST_SHOWN:
                tool = self._stage.tools[plan.family][plan.tool].name
                self.shown.append(f"{kind}: {failure}\n  {tool} {str(plan)[:1500]}")


def main(calls: int, first: int | None = None) -> int:
    """Set the stage, make so many calls, print the figures; return the exit status."""
    call_command("migrate", verbosity=0)
    loop = asyncio.new_event_loop()
    with stage_of(loop, Environment.objects.create(name="Generated")) as stage:
        run = Run(loop, stage)
        started, rounds = time.perf_counter(), 0
        while stage.calls < calls:
            run.round(None if first is None else first + rounds)
            rounds += 1
        seconds = time.perf_counter() - started
        loop.run_until_complete(close_shared_upstream())
    lines = [
        f"{counted(stage.calls, 'call')} of {counted(sum(map(len, stage.tools)), 'tool')}; "
        f"{counted(stage.requests, 'request')} reached the vendor"
    ]
    lines += [f"  {outcome:20} {count:6}" for outcome, count in stage.outcomes.most_common()]
    lines += [f"{words}: {run.wrong[kind]}" for kind, words in KINDS.items()]
    sys.stdout.write("\n".join([*lines, f"seconds: {seconds:.1f}", *run.shown]) + "\n")
    return 1 if run.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
