"""Links are asked once, gently, and never on a private network. The servers are real, on this machine."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest

from newsletter_cli.articles.connecting import Net, is_public
from newsletter_cli.articles.model import Link, Paragraph, Text
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.judge import check
from newsletter_cli.digest.check.online import Asked, ask, ask_all, hits_of_links, site_of
from tests.servers.certificates import Certificates, make_certificates

CALM = Circumstances(public_url="https://news.akhbar-alhaql.org")


def resolve(host: str, _port: int) -> tuple[str, ...]:
    if host == "gone.akhbar-alhaql.org":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return ("127.0.0.1",)


LOCAL = Net(resolve, lambda _address: True)


class House:
    """A web server with one page for each habit."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.release = threading.Event()
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                house.answer(self)

            def do_GET(self) -> None:
                house.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        self.asked.append((handler.command, path))
        if path == "/slow":
            self.release.wait(10)
            return
        if path == "/slow-circle":
            self.release.wait(0.15)
        if path == "/drip":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX:")
            while not self.release.wait(0.05):
                handler.wfile.write(b"x")
            return
        status, target = {
            "/ok": (200, ""),
            "/login": (200, ""),
            "/no-head": (405 if handler.command == "HEAD" else 200, ""),
            "/moved": (301, "/ok"),
            "/letters": (301, "/ok?أخبار تونس".encode().decode("latin-1")),
            "/slow-circle": (302, "/slow-circle"),
            "/round": (302, "/round"),
            "/members": (302, "/login?next=/members"),
            "/away": (302, f"http://localhost:{self.server.server_port}/ok"),
            "/file": (302, "file:///etc/passwd"),
        }.get(path, (int(path.strip("/")) if path.strip("/").isdigit() else 404, ""))
        handler.send_response(status)
        if target:
            handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def opened(certificates: Certificates | None = None) -> Iterator[House]:
    house = House()
    if certificates is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.chain, certificates.key)
        house.server.socket = context.wrap_socket(house.server.socket, server_side=True, do_handshake_on_connect=False)
        house.url = house.url.replace("http:", "https:")
    thread = threading.Thread(target=house.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield house
    finally:
        house.release.set()
        house.server.shutdown()
        thread.join()
        house.server.server_close()


@pytest.fixture
def house() -> Iterator[House]:
    with opened() as found:
        yield found


@pytest.mark.parametrize(
    ("path", "status"),
    [("/ok", 200), ("/no-head", 200), ("/404", 404), ("/403", 403), ("/503", 503), ("/moved", 200), ("/letters", 200)],
)
def test_the_status_of_a_link(house, path, status):
    answer = ask(house.url + path, patience=5, net=LOCAL)
    assert (answer.status, answer.problem) == (status, None)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/round", "too many redirects"),
        ("/slow", "nothing in time"),
        ("/drip", "nothing in time"),
        ("/file", "a redirect to no web address"),
    ],
)
def test_a_link_without_an_answer(house, path, why):
    answer = ask(house.url + path, patience=0.4, net=LOCAL)
    assert (answer.problem.en, answer.final) == (why, False)


def test_redirects_do_not_stretch_the_time(house):
    began = time.monotonic()
    answer = ask(f"{house.url}/slow-circle", patience=0.4, net=LOCAL)
    assert answer.problem.en == "nothing in time"
    assert time.monotonic() - began < 0.8  # six times 0.15 at the least, if each step had the whole time


def test_drops_over_tls_do_not_stretch_the_time(tmp_path):
    certificates = make_certificates(tmp_path)
    net = Net(resolve, lambda _address: True, certificates.authority)
    with opened(certificates) as house:
        assert ask(f"{house.url}/ok", patience=5, net=net).status == 200
        threading.Timer(3, house.release.set).start()  # so that a failure is no hang
        answer = ask(f"{house.url}/drip", patience=0.4, net=net)
        assert (answer.problem.en, house.release.is_set()) == ("nothing in time", False)


def test_a_redirect_ends_after_five_steps(house):
    ask(f"{house.url}/round", patience=5, net=LOCAL)
    assert house.asked == [("HEAD", "/round")] * 6


def test_private_addresses_are_not_contacted(house):
    answer = ask(f"{house.url}/ok", patience=5)
    assert (answer.problem.en, answer.final, house.asked) == ("an address of a private network", False, [])


def test_a_public_page_cannot_send_us_to_a_private_one(house):
    calls: list[object] = []

    def only_the_first(address: object) -> bool:
        calls.append(address)
        return len(calls) == 1

    answer = ask(f"{house.url}/moved", patience=5, net=Net(may_ask=only_the_first))
    assert (answer.problem.en, house.asked) == ("an address of a private network", [("HEAD", "/moved")])


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
    ],
)
def test_whose_address_it_is(text, public):
    assert is_public(ip_address(text)) is public


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.news.com.sy", "news.com.sy"),
        ("a.b.example.org", "example.org"),
        ("alnas.news", "alnas.news"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_which_part_of_a_host_is_the_site(host, site):
    assert site_of(host) == site


def test_each_address_is_asked_once_and_a_host_one_at_a_time(house):
    urls = tuple(f"{house.url}/ok?{n}" for n in range(12))
    answers = ask_all(urls, patience=5, net=LOCAL)
    assert {answer.status for answer in answers.values()} == {200}
    assert house.asked == [("HEAD", "/ok")] * 12


def linked(room, *urls: str):
    paragraphs = tuple(Paragraph((Link(url, (Text(f"تقرير الموسم {n}"),)),)) for n, url in enumerate(urls))
    lines = {f"block:{n}": 10 + n for n in range(len(urls))}
    return room.issue(room.article("a", blocks=paragraphs, lines=lines))


@pytest.fixture
def site(house) -> str:
    """A name of the outside that leads to the server of the test: links to numbers never get as far as this."""
    return f"http://www.akhbar-alhaql.org:{house.server.server_port}"


def found(issue, **options) -> list[tuple[str, str, str, int | None, str]]:
    hits = hits_of_links(issue, CALM, patience=2, net=LOCAL, **options).hits
    findings = check(issue, CALM, only=("L301", "L302"), extra=hits)
    return [(one.code, one.level.value, one.file, one.line, one.text) for one in findings]


def test_findings_name_the_first_place_and_the_worst_first(room, house, site):
    issue = linked(room, f"{site}/ok", f"{site}/503", f"{site}/404", f"{site}/404#part", f"{site}/members")
    assert found(issue) == [
        ("L301", "error", "articles/a.md", 12, f"Link answers 404: {site}/404"),
        ("L301", "warning", "articles/a.md", 11, f"Link answers 503: {site}/503"),
        ("L302", "warning", "articles/a.md", 14, f"Link leads to {site}/login?next=/members."),
    ]
    assert house.asked.count(("HEAD", "/404")) == 1


def test_ignored_links_and_our_own_pages_are_not_asked(room, house, site):
    issue = linked(room, f"{site}/404", f"{site}/410", "https://news.akhbar-alhaql.org/archive")
    assert found(issue, ignore=(f"{site}/4",)) == []
    assert found(issue, ignore=("www.akhbar-alhaql.org",)) == []
    assert found(issue, ignore=("akhbar-alhaql.org",)) == []
    assert found(issue, ignore=("*/404", "*/410")) == []
    assert house.asked == []


def test_a_host_that_does_not_exist(room):
    issue = linked(room, "https://gone.akhbar-alhaql.org/x")
    text = "Link answers no such host: https://gone.akhbar-alhaql.org/x"
    assert found(issue) == [("L301", "error", "articles/a.md", 10, text)]


def test_without_any_network_nothing_is_said_about_links(room):
    def nobody(_host: str, _port: int) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    issue = linked(room, "https://gone.akhbar-alhaql.org/x")
    assert hits_of_links(issue, CALM, patience=2, net=Net(nobody)) == Asked(no_network=True)
