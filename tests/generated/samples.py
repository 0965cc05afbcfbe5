"""Values that trouble: arguments that would break out, headers, links and bodies that are not what they seem."""

HOSTILE = [
    "", " ", ".", "..", "...", "../..", "..;", ".%2e", "%2e%2e", "%2e%2e%2f", "..%2f..%2f", "..%5c",
    "%252e%252e%252f", "%25252525252e", "a/b", "a\\b", "/", "//evil.example", "\\\\evil.example",
    "http://evil.example/", "@evil.example", "?x=1", "#x", "a?b#c", ";a=b", "..;/", "\uff0e\uff0e\uff0f", "\u2025",
    "\u2215", "\u2028", "\u202e", "\ufeff", "\0", "a\0b", "%00", "\r\nX-Injected: 1", "\nX-Injected: 1",
    "%0d%0aX-Injected: 1", "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", "a b", "a+b", "%", "%%", "%zz",
    "%c0%ae%c0%ae%c0%af", "&key=forged", "=", "key", "id[]", "a[b]", "[", "]", "{id}", "{", '"', '"; filename="x',
    '"\r\nContent-Type: text/html\r\n\r\n', "--", "\x7f", "\x1b[31m", "\U0001f600", "\u0301", "\xe9", "-1", "0",
    "1e999", "NaN", "null", "true", "<script>alert(1)</script>", "x" * 3000, "\U0001f600" * 800, "../" * 50,
]  # fmt: skip

STATUSES = [
    *[200] * 60, 201, 202, 203, 204, 205, 206, 207, 299, 300, 301, 302, 304, 307, 400, 401, 403, 404, 405, 406, 408,
    409, 410, 413, 416, 418, 422, 425, 429, 429, 451, 499, 500, 501, 502, 503, 504, 521, 599, 600, 999,
]  # fmt: skip

MEDIA_TYPES = [
    *["application/json"] * 40, "application/json; charset=latin-1", "application/json; charset=bogus",
    "application/hal+json", "text/html", "text/html; charset=utf-16", "text/plain", "text/plain; charset=utf-7",
    "text/csv; charset=\"x", "image/png", "image/svg+xml", "audio/mpeg", "application/pdf",
    "application/octet-stream", "multipart/mixed; boundary=x", "", "/", "x", "a" * 500, "application/json, text/html",
    "\xff\xfe", "text/html; charset=punycode", "text/plain; charset=unicode-escape", "application/json; charset=utf-7",
    "application/json; charset=utf-16", "text/plain; charset=idna", "text/plain; charset=undefined",
]  # fmt: skip

LINKS = [
    '<{vendor}/api/v2/rows?after=2>; rel="next"', "</api/v2/rows?p=2>; rel=next", "<?p=3>; rel=next",
    "<{trap}/x>; rel=next", "<//evil.example/x>; rel=next", "<{vendor}/api/v2/../../etc>; rel=next",
    "<{vendor}/other>; rel=next", "<>; rel=next", "<", "<{vendor}/api/v2/rows?x=%0d%0aX-Injected:%201>; rel=next",
    "<{vendor}@evil.example/api/v2/x>; rel=next", "<http:///x>; rel=next", "<{vendor}/api/v2/%2e%2e/x>; rel=next",
    "<file:///etc/passwd>; rel=next", "<{vendor}/api/v2/rows?" + "x" * 5000 + ">; rel=next",
]  # fmt: skip

RANGES = [
    "items 0-9/100", "items 0-9/*", "items */0", "items 9-0/5", "items 0-99999999999999999999/1", "bytes 0-1/2",
    "items", "",
]  # fmt: skip

LIMIT_HEADERS = [
    "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Remaining",
    "RateLimit", "RateLimit-Policy", "Retry-After", "X-Calls-Limit", "X-Calls-Reset", "X-Total", "X-Next", "X-Error",
    "Content-Disposition",
]  # fmt: skip

IN_HEADERS = [
    "0", "30", "1e300", "-1", "nan", "9" * 40, '"x";r=1;t=2', "Wed, 21 Oct 2015 07:28:00 GMT", "2026-01-01T00:00:00Z",
    'attachment; filename="../../x"', "attachment; filename*=UTF-8''%e2%82%ac%00", "<b>bold</b>", "\xe9\xff", "a, b",
    "", "attachment; filename*=utf-7''+2AA-", "attachment; filename*=unicode-escape''%5cud800",
    "attachment; filename*=punycode''zz9-zz9", "attachment; filename*=undefined''x",
]  # fmt: skip

ODD_BODIES = [
    b"", b" ", b"null", b"[]", b"{}", b'"\\ud800"', b"[1e999]", b"NaN", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00",
    b"<!DOCTYPE html><title>Sign in</title>" + b"<b>" * 3000, b"[" * 5000, b"{" * 5000, b'{"a":1}{"b":2}',
    b'{"data":[' + b"1," * 20000 + b"1]}", b'{"data":["' + b"x" * 90000 + b'"]}', b"\x89PNG\r\n\x1a\n\x00",
    b"ID3\x04\x00", b"%PDF-1.7", b"\x00" * 500, "é".encode("latin-1"), b"<svg onload=alert(1)>",
    b"+2AA-", b"\\ud800", b'{"data": ["+2AA-"]}', b'{"data": ["&#xd800;"]}', b"<p>&#xd800;&#0;</p>",
]  # fmt: skip
