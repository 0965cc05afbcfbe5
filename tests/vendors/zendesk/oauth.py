"""The OAuth 2.0 endpoints of the Zendesk stand-in: a consent page where everybody presses Allow, and tokens."""

import base64
import hashlib
import secrets
from urllib.parse import urlencode, urlsplit

from tests.vendors.application import Answer, Request
from tests.vendors.stand_in import Route, StandIn

CLIENT_ID, CLIENT_SECRET = "patchbay", "zd-client-secret-0123456789"
REDIRECTS_TO = ("http://", "https://")


class SignIn(StandIn):
    """Gives codes and tokens; a code and a refresh token are good for one time."""

    def reset(self) -> None:
        """Nobody is signed in."""
        super().reset()
        self.codes: dict[str, dict[str, str]] = {}
        self.access: dict[str, str] = {}
        self.refreshes: set[str] = set()
        self.issued = 0
        self.expires_in = 7200

    def expire(self) -> None:
        """Let every access token that is out be refused from now on."""
        self.access.clear()

    def oauth_routes(self) -> list[Route]:
        asked = {
            "response_type",
            "redirect_uri",
            "client_id",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
        }
        return [
            Route("GET", "/oauth/authorizations/new", self.authorize, frozenset(asked)),
            Route("POST", "/oauth/tokens", self.token),
        ]

    def authorize(self, request: Request) -> Answer:
        """Consent at once, as a person who presses Allow: redirect back with a code."""
        back = request.one("redirect_uri")
        if request.one("client_id") != CLIENT_ID or not back.startswith(REDIRECTS_TO):
            return Answer(400, b"<html>No such client.</html>", media_type="text/html")
        if request.one("response_type") != "code" or request.one("code_challenge_method") not in {"", "S256"}:
            return self._back(back, {"error": "invalid_request", "state": request.one("state")})
        code = secrets.token_urlsafe(12)
        kept = ("redirect_uri", "scope", "code_challenge")
        self.codes[code] = {name: request.one(name) for name in kept}
        return self._back(back, {"code": code, "state": request.one("state")})

    def _back(self, to: str, parameters: dict[str, str]) -> Answer:
        mark = "&" if urlsplit(to).query else "?"
        return Answer(302, None, {"Location": f"{to}{mark}{urlencode(parameters)}"})

    def token(self, request: Request) -> Answer:
        """Exchange a code or a refresh token; both are good for one time."""
        given = request.json() if request.media_type == "application/json" else request.form()
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return self._no_token("invalid_client", "Client authentication failed.", 401)
        if given.get("grant_type") == "authorization_code":
            kept = self.codes.pop(str(given.get("code")), None)
            if kept is None or kept["redirect_uri"] != given.get("redirect_uri"):
                return self._no_token("invalid_grant", "The provided authorization grant is invalid.")
            if kept["code_challenge"] and kept["code_challenge"] != _challenge(str(given.get("code_verifier", ""))):
                return self._no_token("invalid_grant", "The code verifier does not fit.")
            return self._issue(kept["scope"])
        if given.get("grant_type") == "refresh_token" and given.get("refresh_token") in self.refreshes:
            self.refreshes.discard(str(given["refresh_token"]))
            return self._issue("read write")
        return self._no_token("invalid_grant", "The provided authorization grant is invalid.")

    def _no_token(self, error: str, words: str, status: int = 400) -> Answer:
        return Answer(status, {"error": error, "error_description": words})

    def _issue(self, scope: str) -> Answer:
        self.access.clear()  # a new token takes the place of the old one
        self.issued += 1
        access, refresh = (secrets.token_hex(20) for _ in range(2))
        self.access[access] = scope
        self.refreshes.add(refresh)
        return Answer(
            200,
            {
                "access_token": access, "refresh_token": refresh, "token_type": "bearer", "scope": scope,
                "expires_in": self.expires_in, "refresh_token_expires_in": 2_592_000,
            },
        )  # fmt: skip


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
