"""The last resort of a stop."""

import subprocess
import sys

import pytest

from config.processes.watchdog import HUNG, MARGIN_SECONDS

# A process that hangs after the time that a stop may take, which is over at once.
SCRIPT = """
import threading
from django.conf import settings
settings.configure(SHUTDOWN_SECONDS=-{margin})
from config.processes.watchdog import end_within_limit
end_within_limit(lambda: {unfinished})
threading.Event().wait(30)
"""


@pytest.mark.parametrize(
    ("unfinished", "told"), [("'2 requests under way'", "2 requests under way"), ("1 / 0", "Zero")]
)
def test_a_process_that_hangs_is_ended_whether_or_not_it_can_say_what_is_lost(unfinished: str, told: str) -> None:
    script = SCRIPT.format(margin=MARGIN_SECONDS, unfinished=unfinished)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == HUNG
    assert told in ended.stderr
