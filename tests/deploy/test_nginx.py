"""nginx with the configuration of deploy/, in front of a server that tells what it was asked.

Its error log matters as much as the other: whenever an upstream fails, nginx writes the request line there.
"""

import getpass
import json
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from accounts import tokens
from tests.deploy.answering import answering
from tests.deploy.manifests import DEPLOY
from tests.stack import free_port

NGINX = shutil.which("nginx")

# The paths that PUBLIC_URL may have.
BELOW = ["", "/patchbay", "/tools/patchbay"]

pytestmark = [
    pytest.mark.services,
    # Only who runs a proxy needs it; .ci/run installs it, so that the gate never skips these.
    pytest.mark.skipif(NGINX is None, reason="nginx is missing: install it (Debian: apt-get install nginx-light)"),
]

MAIN = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{}}
http {{
    access_log {folder}/unwanted.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


class Upstream(BaseHTTPRequestHandler):
    """Tells the headers that it was given; breaks off where the path says so; streams two events where it says that."""

    protocol_version = "HTTP/1.1"
    second_event = threading.Event()
    arrived: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.arrived.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path.endswith("/gone"):
            self.close_connection = True
        elif self.path.endswith("/stream"):
            self.stream()
        else:
            self.answer(json.dumps(dict(self.headers)).encode())

    do_GET = do_POST

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"data: 1\n\n")
        assert self.second_event.wait(10)
        self.wfile.write(b"data: 2\n\n")

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    folder: Path
    plain: str
    secure: str
    trust: ssl.SSLContext

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.secure, verify=self.trust, trust_env=False)

    def logs(self, pattern: str = "*.log") -> str:
        """Return what was logged of every request that has been answered.

        nginx answers first and logs then. Its one process takes no other request in between, so one more that is
        answered is the sign that the line of the one before it is written.
        """
        assert httpx.get(f"{self.plain}/nginx-health", trust_env=False).text == "ok\n"
        return "".join(path.read_text() for path in sorted(self.folder.glob(pattern)))


def certificate(folder: Path) -> None:
    """Write a certificate of its own authority for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def configure(folder: Path, where: str, *, plain: int, secure: int, upstream: int) -> None:
    """Lay out nginx's files: those of deploy/, with ports and folders that a test may use."""
    certificate(folder)
    user = f"user {getpass.getuser()};" if getpass.getuser() == "root" else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    changes = {
        r"listen (\[::\]:)?80 ": rf"listen \g<1>{plain} ",
        r"listen (\[::\]:)?443 ": rf"listen \g<1>{secure} ",
        "/etc/nginx/tls": str(folder),
        "/var/log/nginx": str(folder),
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
    }
    (folder / "conf.d").mkdir()
    for name in ("patchbay.conf", where):
        text = (DEPLOY / "nginx" / name).read_text()
        for pattern, replacement in changes.items():
            text = re.sub(pattern, replacement, text)
        (folder / "conf.d" / name).write_text(text)


def command(folder: Path) -> list[str]:
    assert NGINX is not None
    return [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]


@pytest.fixture(scope="module")
def upstream() -> Iterator[int]:
    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Upstream)) as port:
        yield port


@pytest.fixture(scope="module")
def proxy(upstream: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxying(tmp_path_factory.mktemp("nginx"), upstream) as running:
        yield running


@contextmanager
def proxying(folder: Path, upstream: int, *others: int) -> Iterator[Proxy]:
    """Run nginx in front of a process at one port, or of several."""
    plain, secure = free_port(), free_port()
    configure(folder, "machine.conf", plain=plain, secure=secure, upstream=upstream)
    where = folder / "conf.d" / "machine.conf"
    line = f"server 127.0.0.1:{upstream} max_fails=0;"
    assert line in where.read_text()
    lines = [line.replace(str(upstream), str(port)) for port in (upstream, *others)]
    where.write_text(where.read_text().replace(line, " ".join(lines)))
    process = subprocess.Popen(command(folder))
    trust = ssl.create_default_context(cafile=folder / "tls.crt")
    try:
        running = Proxy(folder, f"http://localhost:{plain}", f"https://localhost:{secure}", trust)
        retrying = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=retrying, trust_env=False) as client:
            assert client.get(f"{running.plain}/nginx-health").text == "ok\n"
        yield running
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def token() -> str:
    return tokens.mint(tokens.MCP_PREFIX).value


@pytest.mark.parametrize("where", ["machine.conf", "compose.conf"])
def test_nginx_accepts_the_configuration(where: str, tmp_path: Path) -> None:
    configure(tmp_path, where, plain=free_port(), secure=free_port(), upstream=free_port())
    done = subprocess.run([*command(tmp_path), "-t"], capture_output=True, text=True, check=False)
    assert (done.returncode, "warn" in done.stderr) == (0, False), done.stderr


def test_patchbay_hears_of_the_client_what_nginx_saw_and_not_what_the_client_claims(proxy: Proxy) -> None:
    claims = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    with proxy.client() as client:
        for path in ("/accounts", "/mcp/x"):
            told = client.post(path, headers={**claims, "X-Request-ID": "mine"}).json()
            assert told["X-Forwarded-For"] in {"127.0.0.1", "::1"}
            assert told["X-Forwarded-Proto"] == "https"
            assert told["Host"] == told["X-Forwarded-Host"] == proxy.secure.removeprefix("https://")
            assert told["X-Request-ID"] != "mine"


@pytest.mark.parametrize("below", BELOW)
def test_an_event_leaves_at_once(proxy: Proxy, token: str, below: str) -> None:
    Upstream.second_event.clear()
    with proxy.client() as client, client.stream("POST", f"{below}/mcp/{token}/stream") as response:
        events = response.iter_bytes()
        assert next(events) == b"data: 1\n\n"
        Upstream.second_event.set()
        assert next(events) == b"data: 2\n\n"


@pytest.mark.parametrize("below", BELOW)
def test_plain_http_is_redirected_but_never_for_a_token(proxy: Proxy, token: str, below: str) -> None:
    with httpx.Client(base_url=proxy.plain, trust_env=False) as client:
        page = client.get("/accounts?page=2")
        assert (page.status_code, page.headers["location"]) == (301, "https://localhost/accounts?page=2")
        api = {"Authorization": f"Bearer {token}"}
        mcp = client.post(f"{below}/mcp/{token}", content=b"{}")
        for refused in (mcp, client.get("/integrated-account", headers=api)):
            assert (refused.status_code, "location" in refused.headers) == (403, False)


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/metrics/", "//metrics", "/%6detrics"),
        *("/patchbay/metrics", "/tools/patchbay/metrics", "/a/b/patchbay/metrics", "/a/b/c/patchbay/metrics/"),
    ],
)
def test_metrics_are_closed_to_everybody_outside(proxy: Proxy, path: str) -> None:
    with proxy.client() as client:
        headers = {"Authorization": "Bearer of-a-collector"}
        assert client.get(proxy.secure + path, headers=headers).status_code == 404


@pytest.mark.parametrize("below", ["", "/a/b/patchbay"])
@pytest.mark.parametrize("path", ["/integrated-account/1/tools/metrics", "/accounts/1/tools/reports/metrics"])
def test_a_tool_may_be_called_metrics(proxy: Proxy, below: str, path: str) -> None:
    with proxy.client() as client:
        assert client.post(f"{proxy.secure}{below}{path}").status_code == 200


def test_a_process_that_is_down_costs_no_call_and_is_asked_again_at_once(upstream: int, tmp_path: Path) -> None:
    """As in a rolling restart: writes too, since a connection that is refused carries none."""
    late = ThreadingHTTPServer(("127.0.0.1", 0), Upstream, bind_and_activate=False)
    down = free_port()
    with proxying(tmp_path, down, upstream) as running, running.client() as client:
        assert {client.post("/mcp/x").status_code for _ in range(20)} == {200}
        late.server_address = ("127.0.0.1", down)
        late.server_bind()
        late.server_activate()
        with answering(late):
            assert {client.post("/mcp/x").status_code for _ in range(4)} == {200}
        lines = [json.loads(line) for line in running.logs("access.log").splitlines()]
    served = [line["upstream_addr"] for line in lines if line["path"].startswith("/mcp/")][-4:]
    assert f"127.0.0.1:{down}" in served


def test_a_write_that_may_have_arrived_is_not_sent_again(upstream: int, tmp_path: Path) -> None:
    with (
        answering(ThreadingHTTPServer(("127.0.0.1", 0), Upstream)) as second,
        proxying(tmp_path, upstream, second) as running,
        running.client() as client,
    ):
        Upstream.arrived.clear()
        assert client.post("/mcp/x/gone", content=b"{}").status_code == 502
    assert Upstream.arrived == ["/mcp/x/gone"]


@pytest.mark.parametrize(
    "path",
    [
        "/mcp/{}",
        "/mcp/{}/",
        "//mcp/{}",
        "/%6dcp/{}",
        "/mcp%2F{}",
        "/x/{}",
        "/x?next=/mcp/{}",
        "/mcp/{}/gone",
        "/x/{}/gone",
        "/%69nvitations/{}/accept",
        "/sign-in?next=/invitations/{}",
        "/welcome/MQ/{}",
        "/welcome/{}/gone",
        "/%77elcome/{}",
        "/invitations/{}",
        "/invitations/{}/gone",
        "//invitations//{}",
        "/oauth/callback?code={}&state={}",
        "/oauth/callback/gone?state={}",
    ],
)
def test_no_log_holds_a_token(proxy: Proxy, token: str, path: str) -> None:
    with proxy.client() as client:
        address = proxy.secure + path.replace("{}", token)
        for size in (2, 100_000, 3_000_000, 20_000_000):
            client.post(address, content=b"x" * size, headers={"Referer": f"{proxy.secure}/mcp/{token}"})
        client.get(proxy.plain + path.replace("{}", token))
    assert token not in proxy.logs()


@pytest.mark.parametrize(
    "path", ["/welcome/MQ/c8x2-short", "/invitations/c8x2-short", "/oauth/callback?code=c8x2-short"]
)
def test_no_log_holds_a_short_secret_of_an_address(proxy: Proxy, path: str) -> None:
    with proxy.client() as client:
        for suffix in ("", "/gone"):
            client.get(proxy.secure + path + suffix)
        client.get(proxy.plain + path)
    assert "c8x2-short" not in proxy.logs()


def test_a_failure_shows_in_the_access_log_without_the_token(proxy: Proxy, token: str) -> None:
    with proxy.client() as client:
        assert client.post(f"/mcp/{token}/gone").status_code == 502
        assert client.post("/elsewhere/gone").status_code == 502
    lines = [json.loads(line) for line in proxy.logs("access.log").splitlines()]
    failed = {line["path"]: line for line in lines if line["status"] == 502}
    assert failed.keys() >= {"/mcp/...", "/elsewhere/gone"}
    assert failed["/mcp/..."]["upstream_status"] == "502"


def test_every_request_is_in_the_log_that_redacts(proxy: Proxy) -> None:
    assert not proxy.logs("unwanted.log")
