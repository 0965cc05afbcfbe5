"""Why the database was not asked, or did not answer."""

from django.db import OperationalError


class DatabaseAway(OperationalError):
    """The database does not answer. It was not asked; `retry_after` is the seconds after which to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("the database is away")
        self.retry_after = retry_after


class DatabaseBusy(OperationalError):
    """No answer of the database in the time allowed; `retry_after` is the seconds after which to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("the database is busy")
        self.retry_after = retry_after
