"""Requests to other systems, against real servers on this machine; only the names are answered by a stub."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv4Network, IPv6Address

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from companyos.web import outbound
from companyos.web.outbound import OutboundError, is_public

PRIVATE = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
           "192.0.0.0/29", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"]  # fmt: skip
within_private = st.sampled_from(PRIVATE).flatmap(lambda network: st.ip_addresses(network=network))


class Hook(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, str | None, bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, self.headers["Host"], self.headers["X-Signature"], body))
        self.reply()

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Host"], self.headers["Authorization"], b""))
        self.reply()

    def reply(self) -> None:
        status = int(self.path.strip("/") or 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Names:
    """A resolver that answers as told, and counts how often it was asked."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = {}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.known.get(host, [])


@pytest.fixture
def names(monkeypatch, settings) -> Names:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    stub = Names()
    monkeypatch.setattr(outbound, "resolve", stub)
    return stub


def running(context: ssl.SSLContext | None = None) -> Iterator[int]:
    Hook.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def port() -> Iterator[int]:
    yield from running()


# ── Addresses ────────────────────────────────────────────────────────────────
@given(within_private)
def test_no_private_address_is_public_in_any_dress(address: IPv4Address) -> None:
    number = int(address)
    assert not is_public(str(address))
    for dressed in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"):
        assert not is_public(dressed), dressed
    assert not is_public(str(IPv6Address((0x2002 << 112) | (number << 80)))), "6to4"
    assert not is_public(str(IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)))), "Teredo"


@pytest.mark.parametrize(
    "address",
    ["::", "::1", "fe80::1", "fe80::1%1", "2606:4700::1111%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
     "2001:db8::1", "64:ff9b:1::1", "100::1",
     "::ffff:8.8.8.8", "169.254.169.254", "255.255.255.255"],
)  # fmt: skip
def test_what_is_not_the_open_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_the_open_internet_is_allowed(address: str) -> None:
    assert is_public(address)


def test_the_list_of_private_networks_is_what_the_test_thinks() -> None:
    assert all(not is_public(str(IPv4Network(network)[1])) for network in PRIVATE)


# ── Names ────────────────────────────────────────────────────────────────────
def test_one_private_address_among_many_refuses_the_name(names: Names) -> None:
    names.known["mixed.example"] = ["8.8.8.8", "2606:4700::1111", "10.0.0.7"]
    with pytest.raises(OutboundError, match="private network"):
        outbound.get("https://mixed.example/", most_bytes=10)


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(names: Names, port: int, settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = ["hooks.example"]
    names.known["hooks.example"] = ["127.0.0.1"]
    assert outbound.get(f"http://hooks.example:{port}/200", token="t", most_bytes=10) == b"ok"
    assert names.asked == ["hooks.example"]
    assert Hook.seen == [("/200", f"hooks.example:{port}", "Bearer t", b"")]


def test_the_next_address_is_tried_when_one_does_not_answer(names: Names, port: int, settings, monkeypatch) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = ["two.example"]
    names.known["two.example"] = ["127.0.0.2", "127.0.0.1"]  # nobody listens on the first
    assert outbound.get(f"http://two.example:{port}/", most_bytes=10) == b"ok"


def test_an_allowed_host_may_be_narrowed_to_one_port(names: Names, port: int, settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = ["inner.example:1"]
    names.known["inner.example"] = ["127.0.0.1"]
    with pytest.raises(OutboundError, match="private network"):
        outbound.get(f"http://inner.example:{port}/", most_bytes=10)
    settings.OUTBOUND_ALLOWED_HOSTS = [f"inner.example:{port}"]
    assert outbound.get(f"http://inner.example:{port}/", most_bytes=10) == b"ok"


@pytest.mark.parametrize("closed", [22, 25, 110, 1023])
def test_low_ports_that_are_no_web_are_refused(names: Names, closed: int) -> None:
    names.known["mail.example"] = ["8.8.8.8"]
    with pytest.raises(OutboundError, match=f"Port {closed}"):
        outbound.get(f"http://mail.example:{closed}/", most_bytes=10)


@pytest.mark.parametrize(
    "url",
    ["http://127.1/", "http://0/", "http://017700000001/", "http://0x7f000001/", "http://2130706433/", "http://[::]/",
     "http://127.0.0.1./", "http://LOCALHOST/", "http://[0:0:0:0:0:ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/",
     "http://\uff11\uff12\uff17.0.0.1/", "http://[fe80::1%25lo]/", "http://[::1%25lo]/"],
)  # fmt: skip
def test_this_machine_is_not_reached_in_any_spelling(settings, url: str) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    with pytest.raises(OutboundError):
        outbound.get(url, most_bytes=10)


@pytest.mark.parametrize(
    "url", ["http://me:hunter2@hooks.example/", "http://127.0.0.1\\@hooks.example/", "http://hunter2"]
)
def test_user_names_in_addresses_are_refused_and_never_repeated(names: Names, url: str) -> None:
    names.known["hooks.example"] = ["127.0.0.1"]
    with pytest.raises(OutboundError) as refusal:
        outbound.get(url, most_bytes=10)
    assert "hunter2@" not in str(refusal.value)
    assert ":hunter2" not in str(refusal.value)


# ── POST, redirects, time ────────────────────────────────────────────────────
def test_a_post_goes_through_the_same_guard_with_its_body_and_headers(names: Names, port: int, settings) -> None:
    names.known["hooks.example"] = ["127.0.0.1"]
    url = f"http://hooks.example:{port}/200"
    with pytest.raises(OutboundError, match="private network"):
        outbound.post(url, b"{}", headers={})
    assert Hook.seen == []
    settings.OUTBOUND_ALLOWED_HOSTS = ["hooks.example"]
    assert outbound.post(url, b'{"a": 1}', headers={"X-Signature": "s"}) == b"ok"
    assert Hook.seen == [("/200", f"hooks.example:{port}", "s", b'{"a": 1}')]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_no_redirect_is_followed_and_the_status_is_told(names: Names, port: int, settings, status: int) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = ["hooks.example"]
    names.known["hooks.example"] = ["127.0.0.1"]
    with pytest.raises(OutboundError) as refusal:
        outbound.post(f"http://hooks.example:{port}/{status}", b"", headers={})
    assert refusal.value.status == status
    assert len(Hook.seen) == 1


def test_headers_that_drip_are_given_up(names: Names, settings, monkeypatch) -> None:
    class Dripping(Hook):
        def do_GET(self) -> None:
            for _ in range(40):
                try:
                    self.wfile.write(b"H")
                    self.wfile.flush()
                except OSError:
                    return
                threading.Event().wait(0.05)

    settings.OUTBOUND_ALLOWED_HOSTS = ["slow.example"]
    names.known["slow.example"] = ["127.0.0.1"]
    monkeypatch.setattr(outbound, "LONGEST", 0.3)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with pytest.raises(OutboundError, match="took over"):
        outbound.get(f"http://slow.example:{server.server_port}/", most_bytes=10)
    server.shutdown()
    server.server_close()


# ── TLS ──────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> str:
    """For hooks.example, signed by itself; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    kept = tmp_path_factory.mktemp("tls") / "hooks.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kept.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return str(kept)


def test_the_certificate_is_held_against_the_name_and_not_the_address(
    names: Names, settings, monkeypatch, certificate: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    settings.OUTBOUND_ALLOWED_HOSTS = ["hooks.example", "other.example"]
    names.known = {"hooks.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    for tls_port in running(context):
        with pytest.raises(OutboundError, match="did not answer"):
            outbound.get(f"https://hooks.example:{tls_port}/", most_bytes=10)  # signed by nobody we know
        monkeypatch.setattr(outbound, "_tls", lambda: ssl.create_default_context(cafile=certificate))
        assert outbound.get(f"https://hooks.example:{tls_port}/", most_bytes=10) == b"ok"
        with pytest.raises(OutboundError, match="did not answer"):
            outbound.get(f"https://other.example:{tls_port}/", most_bytes=10)


def test_the_list_of_certificates_is_read_once() -> None:
    assert outbound._tls() is outbound._tls()
    assert outbound._tls().verify_mode is ssl.CERT_REQUIRED
    assert isinstance(outbound.TIMEOUT, httpx.Timeout)
