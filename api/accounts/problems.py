"""Problems of connecting an account, in the vendor's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from accounts.errors import (
    AccountChanged,
    ConnectionIncomplete,
    ConnectionRefused,
    ConsentNeeded,
    CredentialsUnreadable,
    DefinitionInvalid,
    SecretsMoved,
)
from api.problems import FieldError, Problem, ProblemRaised, invalid


@contextmanager
def connection_problems(page: str) -> Iterator[None]:
    """Translate errors of connecting an account to ProblemRaised; `page` is the portal's path for it."""
    try:
        yield
    except ConnectionIncomplete as incomplete:
        errors = (FieldError(f"connection.{name}"[:80], reason) for name, reason in incomplete.problems.items())
        raise ProblemRaised(invalid(*errors)) from None
    except ConnectionRefused as refused:
        raise ProblemRaised(refusal(refused)) from None
    except ConsentNeeded as needed:
        portal_url = f"{settings.PUBLIC_ORIGIN}{page}"
        detail = (
            f"{needed} asks a person for consent before it gives access, which only a browser can show. Have an admin "
            f"of the environment open {portal_url} and connect the account there; its fields are asked for there too."
        )
        raise ProblemRaised(Problem(409, detail, "consent-needed", members={"portal_url": portal_url})) from None
    except (AccountChanged, SecretsMoved) as changed:
        raise ProblemRaised(Problem(409, str(changed))) from None
    except CredentialsUnreadable:
        detail = (
            "The account's stored credentials cannot be decrypted. The operator of Patchbay can see why with "
            "`manage.py check_keys`; if a key is lost for good, send every connection field, the secret ones too."
        )
        raise ProblemRaised(Problem(409, detail)) from None
    except DefinitionInvalid as invalid_definition:
        detail = f"The integration's definition is not valid at present: {invalid_definition.problems[0]}"
        raise ProblemRaised(Problem(409, detail)) from None


def refusal(refused: ConnectionRefused) -> Problem:
    """Return the problem of a failed connection test.

    A refusal by the vendor is the request's fault (400), an unreachable or failing vendor is not (502). A rate limit
    is a 429, because the same request may succeed later.
    """
    status = refused.status
    members = {} if status is None else {"vendor_status": status}
    if refused.forbidden:
        return invalid(FieldError("base_url", f"{refused.reason} UPSTREAM_PRIVATE_HOSTS names exceptions."))
    if status is None:
        return Problem(502, refused.reason, "vendor-unreachable")
    if status == 429:
        return Problem(429, refused.reason, "rate-limited", members=members)
    return Problem(502 if status >= 500 else 400, refused.reason, "connection-refused", members=members)
