"""What is said beyond the bare commands: tokens instead of passwords, and what reports about a message shall hold."""

import asyncio
from datetime import timedelta

import pytest

from newsletter_cli.delivery.connection import ConnectProblem, End, Learned
from newsletter_cli.delivery.smtp.commands import original, xtext
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from tests.delivery.linking import Text, at, connect, desk_of, jobs, problem_of, send
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import limit_connections, refuse_login, without

LOGIN = ("news", "ya29.t0ken")
ways = pytest.mark.parametrize("depth", [1, 8], ids=["chain", "window"])


def test_a_token_opens_the_door() -> None:
    desk = desk_of(jobs(2))
    with smtp_server(login=LOGIN) as server:
        asyncio.run(send(at(server.port, username="news", oauth2=True), desk, secret="ya29.t0ken"))
        assert {message.user for message in server.received} == {"news"}
    assert set(desk.outcomes.values()) == {Outcome.ACCEPTED}


def test_a_refused_token_gets_its_empty_line_and_is_told_with_the_way_to_mend_it() -> None:
    with smtp_server(login=LOGIN) as server:
        problem = asyncio.run(problem_of(at(server.port, username="news", oauth2=True), secret="old"))
    assert (problem.code, problem.temporary) == ("SMTP-AUTH", False)
    error = problem.as_error(at(server.port, username="news", oauth2=True), sent="Nothing was sent.")
    assert "access token for news" in error.message
    assert "smtp.oauth2" in error.fix


def test_a_token_is_not_tried_as_a_password() -> None:
    with smtp_server(without("nothing"), refuse_login(504, "5.5.4 not known"), login=LOGIN) as server:
        problem = asyncio.run(problem_of(at(server.port, username="news", oauth2=True), secret="ya29.t0ken"))
        said = [line for _, line in server.heard if line.startswith("AUTH")]
    assert problem.code == "SMTP-AUTH"
    assert [line.split(" ")[1] for line in said] == ["XOAUTH2"]


@ways
def test_where_reports_are_offered_only_failures_come_back_under_the_name_of_the_delivery(depth: int) -> None:
    body = (b"Subject: x\r\n\r\n",)
    named = Job(1, Text("sara+weekly@example.org", body, token="aaaabbbbccccddddeeeeffff22"))
    wide = Job(2, Text("بريد@example.org", body, smtputf8=True))
    with smtp_server(dsn=True, chunking=True) as server:
        desk = desk_of([named, wide])
        asyncio.run(send(at(server.port, depth=depth), desk))
        said = [line for _, line in server.heard if line.startswith(("MAIL", "RCPT"))]
    assert set(desk.outcomes.values()) == {Outcome.ACCEPTED}
    assert said == [
        "MAIL FROM:<news@example.org> SIZE=14 RET=HDRS ENVID=aaaabbbbccccddddeeeeffff22",
        "RCPT TO:<sara+weekly@example.org> NOTIFY=FAILURE ORCPT=rfc822;sara+2Bweekly@example.org",
        "MAIL FROM:<news@example.org> SIZE=14 BODY=8BITMIME SMTPUTF8 RET=HDRS",
        "RCPT TO:<بريد@example.org> NOTIFY=FAILURE ORCPT=utf-8;\\x{628}\\x{631}\\x{64A}\\x{62F}@example.org",
    ]


@ways
def test_where_reports_are_not_offered_nothing_is_asked_of_them(depth: int) -> None:
    with smtp_server(chunking=True) as server:
        asyncio.run(send(at(server.port, depth=depth), desk_of([Job(1, Text("a@b.example", (b"x\r\n",), token="t"))])))
        said = [line for _, line in server.heard if line.startswith(("MAIL", "RCPT"))]
    assert said == ["MAIL FROM:<news@example.org> SIZE=3", "RCPT TO:<a@b.example>"]


@pytest.mark.parametrize(
    ("text", "written"),
    [("a.b-c@example.org", "a.b-c@example.org"), ("a+b=c@example.org", "a+2Bb+3Dc@example.org"), ("a b", "a+20b")],
)
def test_xtext_writes_what_would_be_read_otherwise_in_hexadecimal(text: str, written: str) -> None:
    assert xtext(text) == written
    assert original(text) == f"rfc822;{written}"


def test_an_address_that_is_not_ascii_keeps_its_letters_by_number() -> None:
    assert original("أ+=\\@example.org") == "utf-8;\\x{623}\\x{2B}\\x{3D}\\x{5C}@example.org"


def test_a_connection_ends_itself_after_its_share_of_messages_in_a_window_too() -> None:
    desk, learned = desk_of(jobs(30)), Learned(window=8)
    with smtp_server(chunking=True) as server:
        closed = asyncio.run(send(at(server.port, depth=8, messages_per_connection=12), desk, learned=learned))
        assert server.heard[-1] == (1, "QUIT")
    assert (closed.end, closed.messages, len(desk.results)) == (End.FINISHED, 12, 12)
    assert set(desk.outcomes.values()) == {Outcome.ACCEPTED}
    assert learned == Learned(window=8, carried=12)


def test_a_connection_too_many_is_tried_again_later() -> None:
    async def go(port: int) -> ConnectProblem:
        first = await connect(at(port))
        try:
            return await problem_of(at(port, timeout=timedelta(seconds=5)))
        finally:
            first.abort()

    with smtp_server(limit_connections(1)) as server:
        problem = asyncio.run(go(server.port))
    assert (problem.code, problem.temporary, str(problem.reply)) == (
        "SMTP-CONNECT", True, "421 4.7.0 too many connections",
    )  # fmt: skip
