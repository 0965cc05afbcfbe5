"""Names that no argument may have, because HTTP, proxies or frameworks take client, target or method from them.

A model that could set one of them would turn a read into a delete, or reach another path than the tool's own, whatever
the definition says. Case is ignored, and dashes equal underscores, as in servers that pass headers as variables.
"""

# Headers that Patchbay sets; a definition may fix some of them for every request, such as Accept.
OWN = frozenset(
    {
        "accept", "accept-charset", "accept-encoding", "authorization", "content-encoding", "content-type", "origin",
        "range", "referer", "user-agent",
    }
)  # fmt: skip
# Headers of HTTP itself (RFC 9110, 9112), and those in which proxies pass on the client.
STEERING = frozenset(
    {
        "alt-used", "cdn-loop", "cf-connecting-ip", "client-ip", "connection", "content-length", "content-location",
        "cookie", "cookie2", "date", "early-data", "expect", "fastly-client-ip", "forwarded", "front-end-https", "host",
        "http2-settings", "keep-alive", "max-forwards", "set-cookie", "te", "trailer", "transfer-encoding",
        "true-client-ip", "upgrade", "via", "x-client-ip", "x-cluster-client-ip", "x-forwarded", "x-host",
        "x-http-destinationurl", "x-method", "x-original-host", "x-real-ip", "x-remote-addr", "x-remote-ip",
        "x-remote-user", "x-sendfile", "x-url-scheme",
    }
)  # fmt: skip
STEERING_BEGINNINGS = (
    "proxy-", "sec-", "x-accel-", "x-envoy-", "x-forwarded-", "x-forward-", "x-http-host-", "x-http-method",
    "x-http-path-", "x-http-verb", "x-method-", "x-middleware-", "x-original-", "x-override-", "x-proxy-", "x-rewrite-",
)  # fmt: skip
# Query and body parameters with which frameworks override the method of the request.
METHOD_PARAMETERS = frozenset(
    {
        "-method", "-httpmethod", "-http-method", "-http-method-override", "-method-override", "http-method-override",
        "httpmethodoverride", "method-override",
    }
)  # fmt: skip


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def is_steering_header(name: str) -> bool:
    """Return whether a header determines a request's target, client, length or method."""
    plain = _plain(name)
    return plain in STEERING or plain.startswith(STEERING_BEGINNINGS)


def is_reserved_header(name: str) -> bool:
    """Return whether arguments may not set a header: Patchbay sets it, or it steers the request."""
    return _plain(name) in OWN or is_steering_header(name)


def is_reserved_parameter(name: str) -> bool:
    """Return whether a query or body parameter overrides the request's method, directly or as a header."""
    plain = _plain(name)
    return plain in METHOD_PARAMETERS or plain.startswith(("x-http-method", "x-method-override"))
