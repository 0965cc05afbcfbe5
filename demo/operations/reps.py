"""v2/reps: read only; a single rep is found by the user's id."""

from demo.account import Account
from demo.routing import Route, RoutedRequest


def list_reps(account: Account, call: RoutedRequest) -> object:
    """List all reps, active or not."""
    return [rep.summary() for rep in account.reps]


def get_rep(account: Account, call: RoutedRequest) -> object:
    """Show one rep."""
    return account.reps.get(call.ids[0]).summary()


ROUTES = (
    Route("GET", "v2/reps", "reps", list_reps),
    Route("GET", "v2/reps/{user_id}", "reps", get_rep),
)
