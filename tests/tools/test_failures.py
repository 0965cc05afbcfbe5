"""A failed call as a problem: what the higher tests cannot bring about."""

import pytest

from accounts.models import Integration
from tools.catalogue import Tool, catalogue_of
from tools.errors import CallFailed, InvalidArguments, RateLimited, VendorRefused, VendorUnreachable
from tools.failures import call_problem
from tools.ratelimits import RateLimits


@pytest.fixture
def tool(integration: Integration) -> Tool:
    return catalogue_of(integration).get("fuse_desk_cases_add_note")


def test_rate_limit_of_unknown_length_has_no_retry_after(tool: Tool) -> None:
    problem = call_problem(RateLimited("Reached.", 429, RateLimits(remaining=0)), tool, "FuseDesk")
    assert problem.headers == {"ratelimit-remaining": "0"}


def test_status_without_a_name_is_passed_on(tool: Tool) -> None:
    problem = call_problem(VendorRefused("Refused.", 499), tool, "FuseDesk")
    assert problem.status == 499
    assert problem.document()["title"] == "The vendor refused the call"


def test_write_that_may_have_arrived_says_so(tool: Tool) -> None:
    failed = VendorUnreachable("No answer.", may_have_arrived=True, timed_out=True)
    problem = call_problem(failed, tool, "FuseDesk")
    assert problem.status == 504
    assert "not known whether" in problem.detail


def test_failure_here_is_no_fault_of_the_caller(tool: Tool) -> None:
    assert call_problem(CallFailed("It could not be noted."), tool, "FuseDesk").status == 500


def test_problem_of_a_nested_argument_keeps_its_path(tool: Tool) -> None:
    failed = InvalidArguments("No.", problems=["date.from[0]: is wrong.", "they do not match the tool's inputSchema."])
    assert [error.field for error in call_problem(failed, tool, "FuseDesk").errors] == ["date.from[0]", "body"]
