"""What REDIS_URL means to its three users: the cache, the channel layer and Celery's broker.

Each of them reads a URL in its own way, and two of them drop what they do not know. So its options are read here,
refused by name where one of the three could not obey, and given to each in its own form.
"""

import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from config.addresses.options import is_option_name

SCHEMES = frozenset({"redis", "rediss"})
TAKES = (
    "REDIS_URL cannot be read; it takes redis://user:password@host:6379/0, or rediss:// for TLS, in which a password's "
    "own characters such as / ? # @ and % are percent-encoded."
)
# The number of a database, which the three would each read in another way with anything beside it.
PATH = re.compile(r"(?:/[0-9]{1,5})?/?")
# One retry, on a new connection: the client's default retries for many seconds, which would hold a request, and delay
# listening again.
PAUSE = ConstantBackoff(0.1)
# Of the cache and the layer, whose callers wait; Redis answers the broker's reader after a second without a task.
ANSWER_SECONDS = 1.0
BROKER_SECONDS = 5.0

# The layer has one that listens and one for each message that is being sent, the broker one for each thread that sends.
LEAST_CONNECTIONS = 16

FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
CERTIFICATE_CHECKS = {"required": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL, "none": ssl.CERT_NONE}
KINDS: dict[str, type[float] | type[int] | type[bool] | type[str]] = {
    "socket_timeout": float,
    "socket_connect_timeout": float,
    "socket_keepalive": bool,
    "health_check_interval": int,
    "max_connections": int,
    "ssl_cert_reqs": str,
    "ssl_ca_certs": str,
    "ssl_certfile": str,
    "ssl_keyfile": str,
    "ssl_check_hostname": bool,
}


@dataclass(frozen=True)
class RedisUrl:
    """A URL without its options, and the options, those of TLS apart."""

    address: str = field(repr=False)
    options: dict[str, Any]
    tls: dict[str, Any]

    def cache(self) -> dict[str, Any]:
        """Return Django's settings of the cache."""
        return {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": self.address,
            "OPTIONS": {"retry": Retry(PAUSE, 1), "socket_timeout": ANSWER_SECONDS, **self.of_client()},
        }

    def layer(self) -> dict[str, Any]:
        """Return the settings of the channel layer."""
        host = {"address": self.address, "retry": AsyncRetry(PAUSE, 1), **self.of_client()}
        return {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host]}}

    def of_client(self) -> dict[str, Any]:
        """Return the options as redis-py takes them."""
        usual = {"socket_connect_timeout": ANSWER_SECONDS, "socket_keepalive": True}
        return {**usual, **self.options, **self.tls}

    def of_broker(self) -> dict[str, Any]:
        """Return the options as Celery's transport takes them."""
        return {**self.of_client(), "socket_timeout": BROKER_SECONDS, **self.options}

    def broker_tls(self) -> dict[str, Any] | None:
        """Return the TLS options as Celery takes them; None without TLS."""
        if not self.address.startswith("rediss:"):
            return None
        return {**self.tls, "ssl_cert_reqs": CERTIFICATE_CHECKS[self.tls.get("ssl_cert_reqs", "required")]}


def redis_url(text: str) -> RedisUrl:
    """Read REDIS_URL; raise ImproperlyConfigured with a sentence that names what is wrong."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.fragment or not PATH.fullmatch(parts.path):
        raise ImproperlyConfigured(TAKES)
    options = {name: _value(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True)}
    tls = {name: options.pop(name) for name in list(options) if name.startswith("ssl_")}
    if tls and parts.scheme != "rediss":
        raise ImproperlyConfigured(f"REDIS_URL has {', '.join(tls)}, which need TLS: begin it with rediss://.")
    address = parts._replace(path=f"/{int(parts.path.strip('/') or 0)}", query="")
    return RedisUrl(urlunsplit(address), options, tls)


def _value(name: str, text: str) -> Any:
    kind = KINDS.get(name)
    if kind is None and not is_option_name(name):
        raise ImproperlyConfigured(TAKES)
    if kind is None:
        raise ImproperlyConfigured(f"REDIS_URL has the unknown option {name}. It takes: {', '.join(KINDS)}.")
    problem = ImproperlyConfigured(f"REDIS_URL has {name}={text[:40]!r}, which is not a value of that option.")
    if kind is bool:
        if text.lower() not in FLAGS:
            raise problem
        return FLAGS[text.lower()]
    if name == "ssl_cert_reqs" and text not in CERTIFICATE_CHECKS:
        raise problem
    try:
        value = kind(text)
    except ValueError:
        raise problem from None
    if isinstance(value, int | float) and not 0 < value < 1_000_000:
        raise problem
    if name == "max_connections" and int(value) < LEAST_CONNECTIONS:
        raise ImproperlyConfigured(
            f"REDIS_URL has max_connections={value}, but takes {LEAST_CONNECTIONS} or more: cache, channel layer and "
            "broker each need several at once, and fail what comes beyond the limit."
        )
    return value
