"""What the API refuses.

VendorError
├── BadRequest            400  a parameter is missing or has a value that cannot be used
├── Unauthorized          401  no key, or a key nobody knows
├── MissingScope          403  the key is known, and may not do this
├── NotFound              404  no such path or record
├── MethodNotAllowed      405  the path exists with other methods
├── BodyTooLarge          413  more than the API reads
├── LimitExhausted        429  no request is left this hour
└── Forced                any  asked for through the control endpoint
"""

from http import HTTPStatus


class VendorError(Exception):
    """A refusal with the vendor's own code. Messages never quote the caller, since they are also sent as a header."""

    status = 400
    code = "api_error_badrequest"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(VendorError):
    """A parameter that is missing or has a value that cannot be used."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


class Unauthorized(VendorError):
    """No key, or an unknown one."""

    status = 401
    code = "api_error_badkey"

    def __init__(self) -> None:
        super().__init__("The header X-FuseDesk-API-Key is missing or holds no valid key.")


class MissingScope(VendorError):
    """A known key that may not do this."""

    status = 403
    code = "api_error_noscope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"The API key lacks the scope {scope}.")
        self.scope = scope


class NotFound(VendorError):
    """No such path or record."""

    status = 404
    code = "api_error_notfound"


class MethodNotAllowed(VendorError):
    """A path that exists with other methods."""

    status = 405
    code = "api_error_method"

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(f"This path allows {', '.join(allowed)}.")
        self.allowed = allowed


class BodyTooLarge(VendorError):
    """A body larger than the API reads."""

    status = 413
    code = "api_error_toolarge"

    def __init__(self) -> None:
        super().__init__("The body is larger than 1 MiB.")


class LimitExhausted(VendorError):
    """The hour's limit of requests is used up."""

    status = 429
    code = "api_error_ratelimit"

    def __init__(self) -> None:
        super().__init__("The hourly limit of this account is used up.")


class Forced(VendorError):
    """A status that the control endpoint asked for."""

    def __init__(self, status: int) -> None:
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = "Unknown status"
        super().__init__(f"{phrase} (forced).")
        self.status = status
        self.code = "api_error_ratelimit" if status == 429 else f"api_error_{status}"
