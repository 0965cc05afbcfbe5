"""REDIS_URL: its options reach the cache, the channel layer and the broker alike, or stop the start."""

import ssl
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache
from django.core.exceptions import ImproperlyConfigured
from kombu import Connection
from kombu.transport.redis import Transport
from redis.asyncio import ConnectionPool

from config.addresses.redis_url import redis_url

PLAIN = "redis://robot:p%40ss@redis.example.com:6380/2"
TLS = "rediss://robot:p%40ss@redis.example.com:6380/2"


def of_cache(url: str) -> dict[str, Any]:
    settings = redis_url(url).cache()
    cache = RedisCache(settings["LOCATION"], {"OPTIONS": settings["OPTIONS"]})
    client: Any = cache._cache
    known: dict[str, Any] = client._get_connection_pool(write=True).connection_kwargs
    return known


def of_layer(url: str) -> dict[str, Any]:
    # As channels_redis makes a pool of one of its hosts.
    (host,) = redis_url(url).layer()["CONFIG"]["hosts"]
    known: dict[str, Any] = ConnectionPool.from_url(host.pop("address"), **host).connection_kwargs
    return known


def of_broker(url: str) -> dict[str, Any]:
    read = redis_url(url)
    tls: Any = read.broker_tls()
    broker: Any = Connection(read.address, ssl=tls, transport_options=read.of_broker())
    return {**broker.transport_options, **(broker.ssl or {}), "host": broker.hostname, "db": int(broker.virtual_host)}


@pytest.mark.parametrize("user", [of_cache, of_layer, of_broker])
def test_every_user_has_the_place_the_limits_and_the_options(user: Any) -> None:
    known = user(f"{PLAIN}?socket_timeout=4.5&health_check_interval=7")
    assert (known["host"], known["db"]) == ("redis.example.com", 2)
    assert (known["socket_timeout"], known["health_check_interval"]) == (4.5, 7)
    assert known["socket_connect_timeout"] == 1
    assert known["socket_keepalive"] is True


@pytest.mark.parametrize("user", [of_cache, of_layer, of_broker])
def test_every_user_checks_the_certificate_as_the_url_says(user: Any) -> None:
    known = user(f"{TLS}?ssl_cert_reqs=none&ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=false")
    assert known["ssl_cert_reqs"] in ("none", ssl.CERT_NONE)
    assert (known["ssl_ca_certs"], known["ssl_check_hostname"]) == ("/etc/ca.pem", False)


def test_the_broker_checks_certificates_unless_told_otherwise() -> None:
    assert redis_url(TLS).broker_tls() == {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    assert redis_url(PLAIN).broker_tls() is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"{PLAIN}?socket_timeot=4", "unknown option socket_timeot"),
        (f"{PLAIN}?socket_timeout=soon", "socket_timeout='soon'"),
        (f"{PLAIN}?socket_timeout=-1", "socket_timeout='-1'"),
        (f"{PLAIN}?socket_keepalive=perhaps", "socket_keepalive='perhaps'"),
        (f"{PLAIN}?ssl_cert_reqs=none", "rediss://"),
        (f"{TLS}?ssl_cert_reqs=some", "ssl_cert_reqs='some'"),
        ("redis:///0", "cannot be read"),
        ("redis://robot:p%40ss@h:port/0", "cannot be read"),
        ("redis://robot:p%40ss@h/name", "cannot be read"),
        ("http://robot:p%40ss@h/0", "cannot be read"),
        ("redis://robot:p%40ss[@h/0", "cannot be read"),
        ("redis://h/²", "cannot be read"),
        ("redis://h/1/2", "cannot be read"),
        ("redis://h//", "cannot be read"),
        ("redis://h:0/1", "cannot be read"),
        ("redis://h:99999/1", "cannot be read"),
        ("redis://h/1#2", "cannot be read"),
        ("redis://robot:6379?p%40ss@h/0", "cannot be read"),
        (f"{PLAIN}?max_connections=1", "takes 16 or more"),
        (f"{PLAIN}?max_connections=²", "max_connections='²'"),
    ],
)
def test_what_one_of_them_could_not_obey_stops_the_start_by_name_and_without_the_password(url: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL") as refused:
        redis_url(url)
    assert words in str(refused.value)
    assert "p@ss" not in str(refused.value)
    assert "p%40ss" not in str(refused.value)


@pytest.mark.parametrize("user", [of_cache, of_layer, of_broker])
@pytest.mark.parametrize(("path", "number"), [("", 0), ("/", 0), ("/11", 11), ("/11/", 11), ("/007", 7)], ids=repr)
def test_every_user_has_the_same_database(user: Any, path: str, number: int) -> None:
    assert user(f"redis://redis.example.com:6380{path}?max_connections=16").get("db", 0) == number


def test_the_broker_s_reader_is_not_cut_off_while_it_waits_for_tasks_and_no_silence_lasts_long() -> None:
    """Redis answers it after this time, task or not; the log tells of a silent Redis after the other."""
    silence = redis_url(PLAIN).of_broker()["socket_timeout"]
    assert 2 * Transport.brpop_timeout <= silence <= 5


def test_the_password_is_in_no_repr() -> None:
    assert "p%40ss" not in repr(redis_url(PLAIN))
