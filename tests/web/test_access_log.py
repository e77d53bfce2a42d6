"""The access log: what was asked and what was answered, without tokens and without whole addresses."""

import pytest

from newsletter_cli.web.access import network_of, without_tokens
from tests.web.conftest import Pages, Seeded


def test_no_token_reaches_the_log(pages: Pages, seeded: Seeded) -> None:
    for path in (f"/u/{seeded.token()}", f"/v/{seeded.view()}?theme=dark", f"//u/{seeded.token()}/page"):
        pages.get(path)
    pages.post(f"/u/{seeded.token()}", token=seeded.token())
    assert [(seen.method, seen.path, seen.status, seen.client) for seen in pages.logged(4)] == [
        ("GET", "/u/…", 200, "127.0.0.0"),
        ("GET", "/v/…", 200, "127.0.0.0"),
        ("GET", "//u/…/page", 404, "127.0.0.0"),
        ("POST", "/u/…", 200, "127.0.0.0"),
    ]
    assert seeded.token() not in repr(pages.seen) + repr(pages.warnings)


def test_a_trusted_proxy_names_the_client(pages: Pages) -> None:
    pages.client.get(pages.url + "/healthz", headers={"X-Forwarded-For": "203.0.113.77"})
    assert pages.logged(1)[0].client == "203.0.113.0"


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/u/" + "a" * 26, "/u/…"), ("/a/" + "ab" * 32, "/a/…"), ("/archive/2026-w42", "/archive/2026-w42"), ("/", "/")],
)
def test_long_parts_of_a_path_are_left_out(path: str, shown: str) -> None:
    assert without_tokens(path) == shown


@pytest.mark.parametrize(
    ("host", "shown"),
    [("192.0.2.17", "192.0.2.0"), ("2001:db8:1:2:3::4", "2001:db8:1::"), ("", ""), ("testclient", "")],
)
def test_a_clients_address_is_shortened(host: str, shown: str) -> None:
    assert network_of(host) == shown
