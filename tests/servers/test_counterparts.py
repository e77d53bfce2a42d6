"""What the other tests rely on: the counterparts do what their docstrings say."""

import smtplib
import ssl
from pathlib import Path

from tests.servers import wait_until
from tests.servers.chromium import Browser
from tests.servers.postfix import Delivered, Postfix, Sink, full_postfix, smtp_sink

MESSAGE = b"Subject: hi\r\n\r\n.dot\r\nReceived: body\r\n"
PAGE = """<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>body { margin: 0; background: #fff } @media (prefers-color-scheme: dark) { body { background: #000 } }</style>
<html dir="rtl"><p id="p" style="width: 100px; margin: 0">نص</p>"""


def post(port: int, recipient: str) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("news@example.org", [recipient], MESSAGE)


def test_a_sink_counts_copies_and_keeps_the_bytes(sink: Sink) -> None:
    for recipient in ("a@example.org", "b@example.org", "a@example.org"):
        post(sink.port, recipient)
    assert sink.copies() == {"a@example.org": 2, "b@example.org": 1}
    kept = Delivered("news@example.org", ("b@example.org",), MESSAGE.replace(b"\r\n", b"\n"))
    assert kept in sink.delivered()


def test_a_sink_takes_flags() -> None:
    with smtp_sink("-e", dump=False) as sink, smtplib.SMTP("127.0.0.1", sink.port) as client:
        assert client.ehlo()[0] == 500
        assert client.helo()[0] == 250


def test_postfix_speaks_tls_and_logs_each_copy(postfix: Postfix) -> None:
    trusting = ssl.create_default_context(cafile=postfix.certificates.authority)
    with smtplib.SMTP("localhost", postfix.port) as client:
        client.starttls(context=trusting)
        client.sendmail("news@example.org", ["tls@example.org"], MESSAGE)
    wait_until(lambda: postfix.copies()["tls@example.org"] == 1, seconds=10, what="the delivery")


def test_postfix_relays_to_a_sink(sink: Sink) -> None:
    with full_postfix(transport=f"smtp:[127.0.0.1]:{sink.port}") as postfix:
        post(postfix.port, "relayed@example.org")
        wait_until(lambda: sink.copies()["relayed@example.org"] == 1, seconds=10, what="the relaying")


def test_a_page_tells_its_geometry_and_is_pictured_whole(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    page = browser.open(tmp_path / "page.html", width=375)
    assert page.evaluate("document.getElementById('p').getBoundingClientRect().right") == 375
    png = page.picture(tmp_path / "page.png").read_bytes()
    assert (png[:8], int.from_bytes(png[16:20], "big")) == (b"\x89PNG\r\n\x1a\n", 375)


def test_a_page_can_be_dark(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    background = "getComputedStyle(document.body).backgroundColor"
    shown = [browser.open(tmp_path / "page.html", dark=dark).evaluate(background) for dark in (False, True)]
    assert shown == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
