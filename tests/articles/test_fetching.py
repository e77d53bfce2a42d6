"""Fetching: from the open internet only, within its limits, over a connection that is really secure."""

import gzip
import http.server
import ipaddress
import ssl
import threading
from contextlib import contextmanager

import pytest

from newsletter_cli.articles.connecting import Net, addresses_of, is_public
from newsletter_cli.articles.fetching import Fetched, Limits, fetch
from newsletter_cli.errors import RefusedError
from tests.servers.certificates import make_certificates

PAGE = "<h1>عنوان</h1>".encode()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


class Site(http.server.BaseHTTPRequestHandler):
    """A web server with named pages, good and bad."""

    protocol_version = "HTTP/1.1"
    seen: list  # (path, Host)
    done: threading.Event

    def do_GET(self):
        self.seen.append((self.path, self.headers["Host"]))
        getattr(self, self.path.strip("/").partition("?")[0].replace("-", "_") or "page")()

    def answer(self, body, *, status=200, kind="text/html; charset=utf-8", **headers):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def page(self):
        self.answer(PAGE)

    def picture(self):
        self.answer(b"\x89PNG", kind="image/png")

    def gone(self):
        self.answer(b"", status=404)

    def once(self):
        self.answer(b"", status=302, Location="/page")

    def in_letters(self):
        self.answer(b"", status=302, Location="/page?x=خبر".encode().decode("latin-1"))

    def round_and_round(self):
        self.answer(b"", status=302, Location="/round-and-round")

    def to_http(self):
        self.answer(b"", status=301, Location="http://mail.test/")

    def to_metadata(self):
        self.answer(b"", status=302, Location="https://169.254.169.254/latest/meta-data/")

    def to_inside(self):
        self.answer(b"", status=302, Location="https://inside.test/")

    def packed(self):
        self.answer(gzip.compress(PAGE), Content_Encoding="gzip")

    def bomb(self):
        self.answer(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")

    def endless(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        while not self.done.is_set():
            self.wfile.write(bytes(1 << 16))

    def announced(self):
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 40))
        self.end_headers()

    def cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x")
        self.close_connection = True

    def drop_by_drop(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.done.wait(0.02):
            self.wfile.write(b"X-A: b\r\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """The client hangs up in the middle here, and that is the point."""


@contextmanager
def site(certificates):
    seen, done = [], threading.Event()
    handler = type("OneSite", (Site,), {"seen": seen, "done": done})
    server = Server(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.chain, certificates.key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        done.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def server(certificates):
    with site(certificates) as found:
        yield found


def here(name, _port):
    return ["10.0.0.7" if name == "inside.test" else "127.0.0.1"]


def from_server(server, certificates, path, *, host="mail.test", resolve=here, **how):
    """Fetched from the test's server: its address is allowed here, and nothing else of this machine."""
    net = Net(resolve, lambda address: str(address) == "127.0.0.1", certificates.authority)
    return fetch(f"https://{host}:{server[0]}/{path}", net=net, **how)


def refusal(call):
    with pytest.raises(RefusedError) as refused:
        call()
    assert refused.value.code == "UNREADABLE"
    return refused.value.message


def test_a_page_comes_with_its_type_and_address(server, certificates):
    found = from_server(server, certificates, "page?a=1")
    address = f"https://mail.test:{server[0]}/page?a=1"
    assert found == Fetched(body=PAGE, media_type="text/html", charset="utf-8", url=address)
    assert server[1][-1] == ("/page?a=1", f"mail.test:{server[0]}")


def test_a_packed_page_is_unpacked(server, certificates):
    assert from_server(server, certificates, "packed").body == PAGE


def test_a_redirect_is_followed_and_its_end_is_the_address(server, certificates):
    assert from_server(server, certificates, "once").url.endswith("/page")


def test_a_redirect_may_be_written_in_letters(server, certificates):
    assert from_server(server, certificates, "in-letters").url.endswith("/page?x=%D8%AE%D8%A8%D8%B1")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("round-and-round", "it led on more than 3 times"),
        ("to-http", "only https is fetched, for http can be changed on its way"),
        ("to-metadata", "its host is an IP address"),
        ("to-inside", "inside.test is an address of a private network (10.0.0.7)"),
        ("gone", "the server answered 404 Not Found"),
        ("bomb", "it is larger than 5 MB"),
        ("endless", "it is larger than 5 MB"),
        ("announced", "it is larger than 5 MB"),
        ("cut", "the connection ended in the middle"),
    ],
)
def test_what_is_not_fetched_is_refused_with_a_reason(server, certificates, path, reason):
    assert reason in refusal(lambda: from_server(server, certificates, path))


def test_another_kind_than_the_wanted_ones_is_refused(server, certificates):
    message = refusal(lambda: from_server(server, certificates, "picture", kinds=("text/html",)))
    assert "it is image/png, not text/html" in message


def test_a_server_that_gives_drop_by_drop_does_not_stretch_the_time(server, certificates):
    message = refusal(lambda: from_server(server, certificates, "drop-by-drop", limits=Limits(seconds=0.4)))
    assert "it took longer than 0.4 seconds" in message


def test_a_resolver_that_does_not_answer_does_not_stretch_the_time(server, certificates):
    never = threading.Event()
    try:
        message = refusal(
            lambda: from_server(
                server, certificates, "page", limits=Limits(seconds=0.2), resolve=lambda *_: [str(never.wait())]
            )
        )
    finally:
        never.set()
    assert "it took longer than 0.2 seconds" in message


def test_a_certificate_of_another_host_or_of_no_known_authority_is_refused(server, certificates):
    assert "certificate" in refusal(lambda: from_server(server, certificates, "page", host="other.test"))
    public = refusal(
        lambda: fetch(f"https://mail.test:{server[0]}/", net=Net(lambda *_: ["127.0.0.1"], lambda _: True))
    )
    assert "its certificate is not good" in public


def test_one_private_address_among_the_answers_is_enough_to_refuse():
    message = refusal(lambda: fetch("https://news.example/", net=Net(lambda *_: ["93.184.216.34", "192.168.1.1"])))
    assert "news.example is an address of a private network (192.168.1.1)" in message


def test_the_name_is_resolved_once_and_that_answer_is_connected_to(server, certificates):
    asked = []

    def rebinding(name, port):
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    assert from_server(server, certificates, "page", resolve=rebinding).body == PAGE
    assert asked == ["mail.test"]


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/", "ftp://news.example/", "file:///etc/passwd", "https://127.0.0.1/", "https://[::1]/",
        "https://2130706433/", "https://0x7f.1/", "https://user:pass@news.example/", "https://localhost/",
        "https://printer.local/", "https://intranet/", "https:///x", "https://news.example:x/", "",
        "https://[x", "http://[x",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_asked_is_refused_before_anything_is_resolved(url):
    def never(*_):
        raise AssertionError("resolved")

    refusal(lambda: fetch(url, net=Net(never)))


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3", "172.16.0.1", "192.168.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:1::", "fec0::1",
    ],
)  # fmt: skip
def test_addresses_of_private_and_special_networks_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_open_internet_are_public(address):
    assert is_public(ipaddress.ip_address(address))


def test_the_systems_resolver_knows_this_machine():
    assert "127.0.0.1" in addresses_of("localhost", 443)
