"""Check ID tokens (OpenID Connect Core 1.0, section 3.1.3.7); imported when first needed, for its 8 MB."""

from collections.abc import Iterable
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import GuestProtocol, Key, KeySet

from accounts.single_sign_on.metadata import ALGORITHMS

LONGEST = 64 * 1024
MOST_KEYS = 50
# How far the clocks of provider and Patchbay may differ.
LEEWAY_SECONDS = 60


class TokenUnusable(ValueError):
    """An ID token proves nothing; the message is a clause about it."""


class KeyUnknown(TokenUnusable):
    """It is signed with a key that is not in the set, which may be newer than the set."""


def claims_of(
    token: object, keys: dict[str, Any], *, issuer: str, client_id: str, nonce: str, access_token: str
) -> dict[str, Any]:
    """Return the claims of a genuine, current ID token that answers this very attempt; raise TokenUnusable."""
    if not isinstance(token, str) or len(token) > LONGEST:
        raise TokenUnusable("is missing or too long")
    try:
        read = jwt.decode(token, _chooser(keys), algorithms=list(ALGORITHMS))
        claims = CodeIDToken(
            read.claims,
            dict(read.header),
            {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
            {"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(leeway=LEEWAY_SECONDS)
    except InvalidKeyIdError:
        raise KeyUnknown("is signed with an unknown key") from None
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        # joserfc's words may contain claims; its code does not.
        raise TokenUnusable(f"was refused ({getattr(problem, 'error', type(problem).__name__)})") from None
    return dict(claims)


def _chooser(document: dict[str, Any]) -> Any:
    keys = _signing_keys(document["keys"])

    def chosen(signed: GuestProtocol) -> Key:
        key_id = signed.headers().get("kid")
        if key_id is None and len(keys) == 1:
            return keys[0]
        # Core 1.0, section 10.1: of several keys, the token has to name its own.
        for key in keys:
            if key_id is not None and key.kid == key_id:
                return key
        raise InvalidKeyIdError("no such key")

    return chosen


def _signing_keys(documents: Iterable[Any]) -> list[Key]:
    """Return the public keys that sign, without those of a kind that is not known here (RFC 7517, section 5)."""
    keys: list[Key] = []
    for each in list(documents)[:MOST_KEYS]:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or each.get("kty") not in {"RSA", "EC"}:
            continue
        try:
            keys += KeySet.import_key_set({"keys": [each]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # a key that cannot be read verifies nothing
    return keys
