"""Greeting, EHLO or HELO, STARTTLS and login."""

from base64 import b64encode
from dataclasses import replace

import pytest

from newsletter_cli.delivery.smtp.auth import Credentials, scripts
from newsletter_cli.delivery.smtp.capabilities import Capabilities, read_capabilities
from newsletter_cli.delivery.smtp.conversation import Conversation
from newsletter_cli.delivery.smtp.events import Broken, Event, Ready, Secure, Unusable
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.opening import Terms, Tls
from newsletter_cli.delivery.smtp.reply import PeerError, read_reply
from newsletter_cli.delivery.smtp.verdict import Category, Effect
from tests.delivery.smtp.talking import BOOK, EDITOR, GREETING, PIPELINING, TERMS, said

SECURE_FIRST = replace(TERMS, tls=Tls.REQUIRED, loopback=False)
LOGIN = replace(TERMS, credentials=EDITOR)


def talk_through(terms: Terms, *turns: tuple[bytes, bytes]) -> list[Event]:
    """What happens when the server says the first of each pair and the second is what we say then."""
    talk = Conversation(terms, BOOK, Learned(window=8))
    events: list[Event] = []
    for heard, answer in turns:
        events += talk.receive(heard)
        if talk.securing and not heard.endswith(b"more\r\n"):
            talk.secured()
        assert said(talk) == answer
    return events


EHLO, HELO = b"EHLO client.test\r\n", b"HELO client.test\r\n"


def test_a_server_with_pipelining_is_ready_for_two_messages_at_once() -> None:
    events = talk_through(TERMS, (GREETING, EHLO), (PIPELINING, b""))
    offered = Capabilities(extended=True, pipelining=True, eightbitmime=True)
    assert events == [Ready(offered)]


@pytest.mark.parametrize("code", [500, 501, 502, 503, 504, 550])
def test_a_server_that_knows_no_ehlo_gets_helo(code: int) -> None:
    events = talk_through(TERMS, (GREETING, EHLO), (b"%d what?\r\n" % code, HELO), (b"250 mx\r\n", b""))
    assert events == [Ready(Capabilities())]


@pytest.mark.parametrize("greeting", [b"421 4.3.2 too busy\r\n", b"554 no service here\r\n", b"450 later\r\n"])
def test_a_server_that_does_not_greet_is_tried_again_later(greeting: bytes) -> None:
    [event] = talk_through(TERMS, (greeting, b""))
    assert isinstance(event, Unusable)
    assert (event.code, event.temporary) == ("SMTP-CONNECT", True)
    assert str(event.reply) == greeting.decode().strip()


def test_what_is_learned_in_clear_is_forgotten_behind_the_handshake() -> None:
    events = talk_through(
        SECURE_FIRST,
        (GREETING, EHLO),
        (b"250-mx\r\n250-PIPELINING\r\n250-SIZE 10\r\n250 STARTTLS\r\n", b"STARTTLS\r\n"),
        (b"220 go\r\n", EHLO),
        (b"250 mx\r\n", b""),
    )
    assert events == [Secure(), Ready(Capabilities(extended=True))]


def test_starttls_that_is_not_offered_is_no_reason_to_go_on_in_clear() -> None:
    [event] = talk_through(SECURE_FIRST, (GREETING, EHLO), (b"250-mx\r\n250 PIPELINING\r\n", b""))
    assert event == Unusable(code="SMTP-TLS", reason="The server does not offer STARTTLS.", temporary=False)


def test_on_loopback_a_server_without_starttls_will_do() -> None:
    events = talk_through(replace(TERMS, tls=Tls.IF_OFFERED), (GREETING, EHLO), (PIPELINING, b""))
    assert isinstance(events[-1], Ready)


@pytest.mark.parametrize(
    ("answer", "code", "temporary"),
    [(b"454 4.7.0 not now\r\n", "SMTP-CONNECT", True), (b"502 what?\r\n", "SMTP-TLS", False)],
)
def test_starttls_that_is_refused_ends_it(answer: bytes, code: str, temporary: bool) -> None:
    *_, event = talk_through(
        SECURE_FIRST, (GREETING, EHLO), (b"250-mx\r\n250 STARTTLS\r\n", b"STARTTLS\r\n"), (answer, b"")
    )
    assert isinstance(event, Unusable)
    assert (event.code, event.temporary) == (code, temporary)


@pytest.mark.parametrize("more", [b"250 mx more\r\n", b"2"])
def test_clear_text_behind_the_220_is_never_taken_for_the_servers(more: bytes) -> None:
    talk = Conversation(SECURE_FIRST, BOOK, Learned(window=8))
    talk.receive(GREETING)
    talk.receive(b"250-mx\r\n250 STARTTLS\r\n")
    assert talk.receive(b"220 go\r\n" + more)[-1] == Broken("clear text behind the answer to STARTTLS", False)
    with pytest.raises(PeerError):
        talk.receive(b"250 mx\r\n")


def plain(name: str, secret: str) -> bytes:
    return b"AUTH PLAIN " + b64encode(f"\0{name}\0{secret}".encode()) + b"\r\n"


def test_a_login_by_plain_takes_one_round() -> None:
    events = talk_through(
        LOGIN, (GREETING, EHLO), (b"250-mx\r\n250 AUTH LOGIN PLAIN\r\n", plain("news", "pass word")),
        (b"235 2.7.0 welcome\r\n", b""),
    )  # fmt: skip
    assert isinstance(events[-1], Ready)


def test_a_login_by_login_tells_name_and_password_when_asked() -> None:
    events = talk_through(
        LOGIN,
        (GREETING, EHLO),
        (b"250-mx\r\n250 AUTH=LOGIN\r\n", b"AUTH LOGIN\r\n"),
        (b"334 VXNlcm5hbWU6\r\n", b64encode(b"news") + b"\r\n"),
        (b"334 UGFzc3dvcmQ6\r\n", b64encode(b"pass word") + b"\r\n"),
        (b"235 welcome\r\n", b""),
    )
    assert isinstance(events[-1], Ready)


def test_a_mechanism_that_is_not_for_this_user_is_followed_by_the_next() -> None:
    events = talk_through(
        LOGIN,
        (GREETING, EHLO),
        (b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n", plain("news", "pass word")),
        (b"504 5.5.4 not this one\r\n", b"AUTH LOGIN\r\n"),
        (b"334 \r\n", b64encode(b"news") + b"\r\n"),
        (b"334 \r\n", b64encode(b"pass word") + b"\r\n"),
        (b"535 5.7.8 no\r\n", b""),
    )
    assert isinstance(events[-1], Unusable)
    assert events[-1].code == "SMTP-AUTH"


def test_a_token_is_told_in_one_line_and_its_refusal_is_waited_for() -> None:
    who = Credentials(username="news", secret="t0ken", token=True)
    first = b"AUTH XOAUTH2 " + b64encode(b"user=news\1auth=Bearer t0ken\1\1") + b"\r\n"
    events = talk_through(
        replace(LOGIN, credentials=who),
        (GREETING, EHLO),
        (b"250-mx\r\n250 AUTH PLAIN XOAUTH2\r\n", first),
        (b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n", b"\r\n"),
        (b"535 5.7.8 no\r\n", b""),
    )
    assert isinstance(events[-1], Unusable)


def test_more_questions_than_a_mechanism_has_answers_are_given_up() -> None:
    events = talk_through(
        LOGIN, (GREETING, EHLO), (b"250-mx\r\n250 AUTH PLAIN\r\n", plain("news", "pass word")),
        (b"334 and?\r\n", b"*\r\n"), (b"501 given up\r\n", b""),
    )  # fmt: skip
    assert isinstance(events[-1], Unusable)
    assert events[-1].code == "SMTP-AUTH"


def refusal(answer: bytes) -> Unusable:
    event = talk_through(
        LOGIN, (GREETING, EHLO), (b"250-mx\r\n250 AUTH PLAIN\r\n", plain("news", "pass word")), (answer, b"")
    )[-1]
    assert isinstance(event, Unusable)
    return event


def test_a_wrong_password_pauses_the_send() -> None:
    event = refusal(b"535 5.7.8 Authentication credentials invalid\r\n")
    assert (event.code, event.temporary) == ("SMTP-AUTH", False)
    assert event.verdict is not None
    assert (event.verdict.category, event.verdict.effect) == (Category.LOGIN, Effect.PAUSE_LOGIN)


@pytest.mark.parametrize("answer", [b"454 4.7.0 Too many login attempts\r\n", b"421 4.7.0 later\r\n"])
def test_a_login_that_may_work_later_says_nothing_of_the_password(answer: bytes) -> None:
    event = refusal(answer)
    assert (event.code, event.temporary) == ("SMTP-CONNECT", True)


def test_a_password_never_goes_in_clear_but_to_this_machine() -> None:
    away = replace(LOGIN, loopback=False)
    [event] = talk_through(away, (GREETING, EHLO), (b"250-mx\r\n250 AUTH PLAIN\r\n", b""))
    assert isinstance(event, Unusable)
    assert event.code == "SMTP-AUTH"


@pytest.mark.parametrize("offer", [b"250 mx\r\n", b"250-mx\r\n250 AUTH GSSAPI NTLM\r\n"])
def test_without_a_common_way_there_is_no_login(offer: bytes) -> None:
    [event] = talk_through(LOGIN, (GREETING, EHLO), (offer, b""))
    assert isinstance(event, Unusable)
    assert (event.code, event.temporary) == ("SMTP-AUTH", False)


def test_secrets_are_in_no_repr() -> None:
    [script] = scripts(("PLAIN",), EDITOR)
    assert "pass word" not in repr(EDITOR) + repr(script)
    assert b64encode(b"\0news\0pass word").decode() not in repr(script)


def test_what_carries_a_secret_is_marked() -> None:
    talk = Conversation(LOGIN, BOOK, Learned(window=8))
    talk.receive(GREETING)
    first = talk.unsent()
    talk.receive(b"250-mx\r\n250 AUTH PLAIN\r\n")
    second = talk.unsent()
    assert first is not None
    assert second is not None
    assert (first.secret, second.secret) == (False, True)


def test_an_answer_to_ehlo_is_read() -> None:
    reply = read_reply((250, (b"mx at your service", b"SIZE 35882577", b"size", b"Auth PLAIN LOGIN", b"AUTH=LOGIN",
                              b"PIPELINING ", b"smtputf8", b"8BITMIME", b"ENHANCEDSTATUSCODES", b"CHUNKING", b"DSN",
                              b"XCLIENT NAME HELO", b"")))  # fmt: skip
    assert read_capabilities(reply) == Capabilities(
        extended=True, pipelining=True, eightbitmime=True, smtputf8=True, enhanced_codes=True, chunking=True, dsn=True,
        size=0, auth=("PLAIN", "LOGIN"), others=frozenset({"XCLIENT"}),
    )  # fmt: skip


@pytest.mark.parametrize(("line", "size"), [(b"SIZE 5", 5), (b"SIZE 0", 0), (b"SIZE", 0), (b"SIZE many", 0)])
def test_a_size_that_is_no_number_limits_nothing(line: bytes, size: int) -> None:
    assert read_capabilities(read_reply((250, (b"mx", line)))).size == size
