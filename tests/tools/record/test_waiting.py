"""The age of the oldest wait."""

import time

from tools.record.waiting import Waiting


def test_the_oldest_of_several_waits_counts_until_it_ends() -> None:
    waiting = Waiting()
    assert waiting.oldest() == 0
    with waiting.one(time.perf_counter() - 10):
        with waiting.one(time.perf_counter() - 100):
            assert 100 <= waiting.oldest() < 110
        assert 10 <= waiting.oldest() < 20
    assert waiting.oldest() == 0
