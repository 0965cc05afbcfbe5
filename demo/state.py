"""Everything that changes while the simulator runs, and that a reset restores."""

from demo.account import Account
from demo.clock import Clock
from demo.dataset.opening import open_account
from demo.keys import HourlyLimit
from demo.knobs import Rules
from demo.traffic import Traffic


class SimulatorState:
    """The account, its limit, the knobs and the record of requests."""

    account: Account
    limit: HourlyLimit
    rules: Rules
    traffic: Traffic

    def __init__(self, clock: Clock, hourly_limit: int) -> None:
        self._clock = clock
        self._hourly_limit = hourly_limit
        self.reset()

    def reset(self) -> None:
        """Restore the initial data, knobs and counts."""
        self._clock.restart()
        self.account = open_account(self._clock)
        self.limit = HourlyLimit(self._hourly_limit, self._clock.elapsed)
        self.rules = Rules()
        self.traffic = Traffic()
