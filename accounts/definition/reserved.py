"""Names that no argument may have: what HTTP, proxies or frameworks read as who asks, for what, and by which method.

A model that could set one of them would turn a read into a delete, or reach another path than the tool's own, whatever
the definition says. Names count alike in capital and small letters, with dashes and with underscores, as servers that
hand headers to programs as variables read them.
"""

# What Patchbay itself sets; a definition may fix some of them, such as the form of the answer, for every request.
OWN = frozenset(
    {
        "accept", "accept-charset", "accept-encoding", "authorization", "content-encoding", "content-type", "origin",
        "range", "referer", "user-agent",
    }
)  # fmt: skip
# What HTTP itself is made of (RFC 9110, 9112), and by which proxies tell whom a request is from.
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
# Parameters of query and body by which frameworks take another method than that of the request.
METHOD_PARAMETERS = frozenset(
    {
        "-method", "-httpmethod", "-http-method", "-http-method-override", "-method-override", "http-method-override",
        "httpmethodoverride", "method-override",
    }
)  # fmt: skip


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def is_steering_header(name: str) -> bool:
    """Tell whether a header says where a request goes, whom it is from, how long it is, or by which method."""
    plain = _plain(name)
    return plain in STEERING or plain.startswith(STEERING_BEGINNINGS)


def is_reserved_header(name: str) -> bool:
    """Tell whether a header is none for an argument: Patchbay sets it, or it steers the request."""
    return _plain(name) in OWN or is_steering_header(name)


def is_reserved_parameter(name: str) -> bool:
    """Tell whether a parameter of query or body stands for the method of a request, or for such a header."""
    plain = _plain(name)
    return plain in METHOD_PARAMETERS or plain.startswith(("x-http-method", "x-method-override"))
