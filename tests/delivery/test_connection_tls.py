"""Certificates are verified, nothing goes in clear that should not, and a login goes only where it is safe."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import uvloop

from newsletter_cli.delivery.connection import End, Learned, Security, default_tls
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.verdict import Effect
from tests.delivery.linking import at, desk_of, jobs, letter, problem_of, send
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.postfix import Postfix
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import (
    bad_certificate,
    clear_text_behind_starttls,
    close_at,
    hang_at,
    one_byte_at_a_time,
    refuse_login,
    starttls_stripped,
    stop_reading,
)

COUNT = 10
ALL_ACCEPTED = dict.fromkeys(range(1, COUNT + 1), Outcome.ACCEPTED)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def trusting(certificates: Certificates) -> ssl.SSLContext:
    """A client that knows the tests' authority."""
    return ssl.create_default_context(cafile=str(certificates.authority))


@pytest.mark.parametrize("factory", [None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("size", [1000, 500_000])
def test_messages_arrive_whole_under_tls(
    certificates: Certificates,
    trusting: ssl.SSLContext,
    security: Security,
    size: int,
    factory: Callable[[], asyncio.AbstractEventLoop] | None,
) -> None:
    desk = desk_of(jobs(COUNT, size))
    with (
        smtp_server(certificates=certificates, implicit_tls=security is Security.TLS) as server,
        asyncio.Runner(loop_factory=factory) as runner,
    ):
        closed = runner.run(send(at(server.port, security=security), desk, tls=trusting))
    assert (closed.end, desk.outcomes) == (End.FINISHED, ALL_ACCEPTED)
    assert [message.data for message in server.received] == [
        b"".join(letter(number, size).segments) for number in range(1, COUNT + 1)
    ]
    assert server.complaints == ()


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_window_of_messages_arrives_whole_under_tls(
    certificates: Certificates, trusting: ssl.SSLContext, security: Security
) -> None:
    count, learned = 40, Learned(window=8)
    desk = desk_of(jobs(count, size=40_000))
    with smtp_server(certificates=certificates, implicit_tls=security is Security.TLS, chunking=True) as server:
        where = at(server.port, security=security, depth=8)
        closed = asyncio.run(send(where, desk, tls=trusting, learned=learned))
    assert desk.outcomes == dict.fromkeys(range(1, count + 1), Outcome.ACCEPTED)
    assert {message.data for message in server.received if message.tls} == {
        b"".join(letter(number, 40_000).segments) for number in range(1, count + 1)
    }
    assert (closed.end, learned, desk.links[0].depth) == (End.FINISHED, Learned(window=8, carried=count), 8)


def test_tls_survives_any_cut(certificates: Certificates, trusting: ssl.SSLContext) -> None:
    desk = desk_of(jobs(2))
    with smtp_server(one_byte_at_a_time(0.0), certificates=certificates) as server:
        asyncio.run(send(at(server.port, security=Security.STARTTLS), desk, tls=trusting))
    assert desk.outcomes == {1: Outcome.ACCEPTED, 2: Outcome.ACCEPTED}


def test_postfix_takes_messages_under_starttls(postfix: Postfix) -> None:
    desk = desk_of(jobs(COUNT))
    tls = ssl.create_default_context(cafile=str(postfix.certificates.authority))
    asyncio.run(send(at(postfix.port, host="localhost", security=Security.STARTTLS), desk, tls=tls))
    assert desk.outcomes == ALL_ACCEPTED


@pytest.mark.parametrize("implicit", [True, False])
def test_a_certificate_of_nobody_known_is_not_trusted(certificates: Certificates, implicit: bool) -> None:
    security = Security.TLS if implicit else Security.STARTTLS
    with smtp_server(certificates=certificates, implicit_tls=implicit) as server:
        problem = asyncio.run(problem_of(at(server.port, security=security)))
    assert (problem.code, problem.temporary) == ("SMTP-TLS", False)
    assert "certificate cannot be trusted" in problem.reason
    error = problem.as_error(at(server.port, security=security), sent="Nothing was sent.")
    assert (error.code, error.exit) == ("SMTP-TLS", 4)


def test_a_certificate_of_another_authority_is_not_trusted(
    certificates: Certificates, trusting: ssl.SSLContext
) -> None:
    with smtp_server(bad_certificate(), certificates=certificates) as server:
        problem = asyncio.run(problem_of(at(server.port, security=Security.STARTTLS), tls=trusting))
    assert problem.code == "SMTP-TLS"


def test_a_certificate_of_another_name_is_not_trusted(certificates: Certificates, trusting: ssl.SSLContext) -> None:
    # 0.0.0.0 is reached as this machine, and no certificate names it.
    with smtp_server(certificates=certificates) as server:
        problem = asyncio.run(problem_of(at(server.port, host="0.0.0.0", security=Security.STARTTLS), tls=trusting))
    assert problem.code == "SMTP-TLS"
    assert "0.0.0.0" in problem.reason


def test_roots_of_one_s_own_are_taken_from_ssl_cert_file(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    desk = desk_of(jobs(1))
    with smtp_server(certificates=certificates) as server:
        asyncio.run(send(at(server.port, security=Security.STARTTLS), desk, tls=default_tls()))
    assert desk.outcomes == {1: Outcome.ACCEPTED}


def test_clear_text_behind_the_answer_to_starttls_ends_it(certificates: Certificates, trusting: ssl.SSLContext) -> None:
    with smtp_server(clear_text_behind_starttls(), certificates=certificates) as server:
        problem = asyncio.run(problem_of(at(server.port, security=Security.STARTTLS), tls=trusting))
    assert problem.code == "SMTP-CONNECT"
    assert "clear text behind the answer to STARTTLS" in problem.reason


def test_on_loopback_a_stripped_starttls_is_no_danger(certificates: Certificates) -> None:
    desk = desk_of(jobs(1))
    with smtp_server(starttls_stripped(), certificates=certificates) as server:
        asyncio.run(send(at(server.port, security=Security.STARTTLS), desk))
    assert desk.outcomes == {1: Outcome.ACCEPTED}


def test_a_port_without_tls_is_told_as_that() -> None:
    with smtp_server() as server:
        problem = asyncio.run(problem_of(at(server.port, security=Security.TLS)))
    assert (problem.code, problem.reason) == ("SMTP-TLS", "The server does not speak TLS on this port.")


def test_a_handshake_that_nobody_answers_is_not_waited_for() -> None:
    async def silent() -> str:
        listener = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        async with listener:
            port = listener.sockets[0].getsockname()[1]
            problem = await problem_of(at(port, security=Security.TLS, timeout=timedelta(seconds=0.3)))
            return f"{problem.code} {problem.reason}"

    assert asyncio.run(silent()) == "SMTP-CONNECT The server did not answer in time."


@pytest.mark.parametrize("stage", ["data", "message"])
def test_a_line_lost_under_tls_is_judged_like_any_other(
    certificates: Certificates, trusting: ssl.SSLContext, stage: str
) -> None:
    desk = desk_of(jobs(2))
    with smtp_server(close_at(stage, after=1), certificates=certificates) as server:
        asyncio.run(send(at(server.port, security=Security.STARTTLS), desk, tls=trusting))
    assert desk.outcomes == {1: Outcome.ACCEPTED, 2: Outcome.UNCERTAIN if stage == "message" else Outcome.NOT_SENT}


def test_a_write_that_stands_still_under_tls_was_not_received_whole(
    certificates: Certificates, trusting: ssl.SSLContext
) -> None:
    desk = desk_of(jobs(1, size=40_000_000))
    with smtp_server(stop_reading(), certificates=certificates, size=100_000_000) as server:
        server_settings = at(server.port, security=Security.STARTTLS, write_timeout=timedelta(seconds=0.5))
        closed = asyncio.run(send(server_settings, desk, tls=trusting))
        server.release()
    assert closed.end is End.TIMEOUT
    assert (desk.result(1).outcome, desk.result(1).alone) == (Outcome.NOT_SENT, True)
    assert server.received == ()


# --- login --------------------------------------------------------------------------------------------------------

LOGIN = ("news@example.org", "كلمة pass ✓")


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_login_opens_the_door(certificates: Certificates, trusting: ssl.SSLContext, encrypted: bool) -> None:
    desk = desk_of(jobs(2))
    given: dict[str, Any] = {"username": LOGIN[0], "security": Security.STARTTLS if encrypted else Security.NONE}
    with smtp_server(login=LOGIN, certificates=certificates if encrypted else None) as server:
        asyncio.run(send(at(server.port, **given), desk, tls=trusting, secret=LOGIN[1]))
    assert desk.outcomes == {1: Outcome.ACCEPTED, 2: Outcome.ACCEPTED}


def test_a_wrong_password_is_told_with_the_way_to_mend_it() -> None:
    with smtp_server(login=LOGIN) as server:
        where = at(server.port, username=LOGIN[0])
        problem = asyncio.run(problem_of(where, secret="wrong"))
    assert (problem.code, problem.temporary) == ("SMTP-AUTH", False)
    assert problem.verdict is not None
    assert problem.verdict.effect is Effect.PAUSE_LOGIN
    error = problem.as_error(where, sent="Nothing was sent.")
    assert str(error) == "The mail server refused the password for news@example.org."
    assert (error.exit, error.fix) == (4, "newsletter config set-secret smtp.password")


def test_a_login_that_may_work_later_is_tried_again() -> None:
    with smtp_server(refuse_login(454, "4.7.0 temporary failure"), login=LOGIN) as server:
        problem = asyncio.run(problem_of(at(server.port, username=LOGIN[0]), secret=LOGIN[1]))
    assert (problem.code, problem.temporary) == ("SMTP-CONNECT", True)


def test_no_login_at_a_server_that_wants_one_pauses_the_send() -> None:
    desk = desk_of(jobs(1))
    with smtp_server(login=LOGIN) as server:
        asyncio.run(send(at(server.port), desk))
    result = desk.result(1)
    assert result.outcome is Outcome.RETRY
    assert result.verdict is not None
    assert result.verdict.effect is Effect.PAUSE_LOGIN


def test_the_log_shows_the_conversation_without_secrets_and_texts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", logger="newsletter_cli.delivery.link")
    with smtp_server(login=LOGIN) as server:
        asyncio.run(send(at(server.port, username=LOGIN[0]), desk_of(jobs(1)), secret=LOGIN[1]))
    told = "\n".join(record.getMessage() for record in caplog.records)
    assert "1 > (login)" in told
    assert "1 > QUIT" in told
    assert f"1 > (message 1, {letter(1).size + 3} bytes)" in told
    assert "AUTH PLAIN " not in told.replace("AUTH PLAIN LOGIN", "")
    assert "line of reader" not in told


def test_a_server_that_hangs_in_the_login_is_not_waited_for() -> None:
    with smtp_server(hang_at("auth"), login=LOGIN) as server:
        where = at(server.port, username=LOGIN[0], timeout=timedelta(seconds=0.3))
        problem = asyncio.run(problem_of(where, secret=LOGIN[1]))
        server.release()
    assert (problem.code, problem.temporary) == ("SMTP-CONNECT", True)
