"""What is encrypted in the database, by the id of its key."""

from collections import Counter
from collections.abc import Iterator

from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import StrIndex, Substr

from accounts.errors import CredentialsUnreadable
from accounts.models import IntegratedAccount, LanguageModel, OAuthGrant, SecondFactor

SAMPLE = 20
# In each table: the column that holds `KEY_ID.CIPHERTEXT`.
PLACES = (
    (IntegratedAccount, "credentials"),
    (OAuthGrant, "tokens"),
    (SecondFactor, "secret"),
    (LanguageModel, "key"),
)
STATUS = {IntegratedAccount: "status", OAuthGrant: "account__status"}
Sealed = IntegratedAccount | OAuthGrant | SecondFactor | LanguageModel


def sealed_rows() -> Counter[str]:
    """Return how many texts are encrypted under each key id."""
    found: Counter[str] = Counter()
    for model, column in PLACES:
        key_id = Substr(F(column), 1, StrIndex(F(column), Value(".")) - 1)
        rows: QuerySet[Sealed] = model._default_manager.exclude(**{column: ""}).order_by()
        found.update(dict(rows.values_list(key_id).annotate(Count("pk"))))
    return found


def rows_under(key_id: str) -> Iterator[Sealed]:
    """Yield the rows that have a text encrypted under a key."""
    for model, column in PLACES:
        yield from model._default_manager.filter(**{f"{column}__startswith": f"{key_id}."}).order_by("pk").iterator()


def is_readable(row: Sealed) -> bool:
    """Return whether a row's text can be decrypted with the keys in use."""
    try:
        match row:
            case IntegratedAccount():
                row.read_credentials()
            case OAuthGrant():
                row.read_tokens()
            case SecondFactor():
                row.read_secret()
            case LanguageModel():
                row.read_key()
    except CredentialsUnreadable:
        return False
    return True


def sample(key_id: str) -> tuple[int, int]:
    """Try to decrypt some texts of each table under a key; return how many could be read, and how many were tried.

    Accounts that must be connected again are left out: their texts are of no use, and may be those of a lost key.
    """
    read = tried = 0
    for model, column in PLACES:
        rows = model._default_manager.filter(**{f"{column}__startswith": f"{key_id}."})
        if model in STATUS:
            rows = rows.exclude(**{STATUS[model]: IntegratedAccount.Status.NEEDS_REAUTH})
        results = [is_readable(row) for row in rows.order_by("pk")[:SAMPLE]]
        read, tried = read + sum(results), tried + len(results)
    return read, tried
