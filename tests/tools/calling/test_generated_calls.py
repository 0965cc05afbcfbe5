"""Generated calls, from arguments over the vendor to the result: nothing is untranslated, escapes, or is no JSON.

`python -m benchmarks.generated_calls` makes ten times as many.
"""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Environment
from accounts.vendors.upstream import close_shared_upstream
from tests.generated.staging import stage_of
from tests.generated.strategies import plans
from tests.generated.walks import Stage

EXAMPLES = 300


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.run_until_complete(close_shared_upstream())
    made.run_until_complete(asyncio.sleep(0))
    made.close()


@pytest.fixture
def stage(
    transactional_db: None, environment: Environment, loop: asyncio.AbstractEventLoop, settings: object
) -> Iterator[Stage]:
    settings.UPSTREAM_CIRCUIT_FAILURES = 0  # type: ignore[attr-defined]  # this vendor fails more than it answers
    with stage_of(loop, environment) as made:
        yield made


def test_generated_calls_keep_every_promise(stage: Stage, loop: asyncio.AbstractEventLoop) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[*HealthCheck], print_blob=False
    )
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        loop.run_until_complete(stage.walk(data.draw(plans(stage.tools)), data))

    walk()
    assert stage.calls >= EXAMPLES
    # Or nothing would have been tried.
    assert stage.requests > stage.calls / 3
    assert {"result", "VendorRefused", "AnswerUnusable", "InvalidArguments", "MCP result"} <= stage.outcomes.keys()
