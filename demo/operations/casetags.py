"""v1/casetags: list, create, delete."""

from collections import Counter

from demo import casework
from demo.account import Account
from demo.errors import BadRequest
from demo.records.organisation import CaseTag
from demo.routing import Route, RoutedRequest


def list_tags(account: Account, call: RoutedRequest) -> object:
    """List the tags with the number of cases that have each."""
    totals = Counter(tag_id for case in account.cases for tag_id in case.tags)
    return [tag.summary(totals[tag.id]) for tag in account.tags]


def create_tag(account: Account, call: RoutedRequest) -> object:
    """Create a tag, unless there is one of this name."""
    name = call.form.required("tagname").strip()
    if any(tag.name.casefold() == name.casefold() for tag in account.tags):
        raise BadRequest("tagname", "there is a case tag with this name already.")
    return account.tags.add(CaseTag(id=account.tags.next_id(), name=name)).summary(total_cases=0)


def delete_tag(account: Account, call: RoutedRequest) -> object:
    """Delete a tag and take it off every case."""
    tag = account.tags.get(call.ids[0])
    for case in account.cases:
        casework.untag(account, case, tag)
    account.tags.remove(tag)
    return {"id": tag.id, "deleted": True}


ROUTES = (
    Route("GET", "v1/casetags", "casetags", list_tags),
    Route("POST", "v1/casetags", "casetags_update", create_tag),
    Route("DELETE", "v1/casetags/{id}", "casetags_update", delete_tag),
)
