"""A send that we sign ourselves: every message of it, judged by dkimpy."""

import re

import dkim as dkimpy
import pytest

from tests.servers.smtp import smtp_server

ONE_CLICK = {"list-unsubscribe", "list-unsubscribe-post"}


@pytest.fixture
def judge():
    """judge(data, record): whether dkimpy takes the first signature, with `record` as all of DNS."""

    def verify(data, record):
        known = {f"{record['name']}.".encode(): record["value"].encode()}
        try:
            return dkimpy.DKIM(data).verify(0, dnsfunc=lambda name, timeout=5: known.get(name))
        except dkimpy.DKIMException:
            return False

    return verify


def signed_names(data):
    field = re.split(rb"\r\n(?![ \t])", data, maxsplit=1)[0].decode("ascii")
    return set(re.sub(r"\s", "", field).partition("h=")[2].partition(";")[0].lower().split(":"))


def with_second_subject(data):
    return b"Subject: you have won\r\n" + data


def test_every_message_of_a_thousand_verifies_and_covers_its_one_click_fields(make_room, send_words, judge):
    with smtp_server() as server:
        room = make_room(readers=1000, port=server.port, NEWSLETTER_SMTP__RELAY_SIGNS="false")
        record = room.run("config", "dkim", "--json").json
        sent = room.run(*send_words).json
        assert (sent["state"], sent["recipients"]["accepted"]) == ("sent", 1000)
        messages = [one.data for one in server.received]
    assert len(messages) == 1000
    assert [data for data in messages if not judge(data, record)] == []
    assert all(signed_names(data) >= ONE_CLICK for data in messages)
    assert all(b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in data for data in messages)
    assert not any(judge(with_second_subject(data), record) for data in messages[:50])
    assert len({data.partition(b" b=")[2].partition(b"\r\n\r\n")[0] for data in messages}) == 1000


def test_a_test_and_an_export_are_signed_like_the_send(make_room, judge, tmp_path):
    with smtp_server() as server:
        room = make_room(readers=3, port=server.port)
        record = room.run("config", "dkim", "--ed25519", "--json").json
        room.run("test", "i1", "--to", "editor@example.org", "--json")
        (tested,) = [one.data for one in server.received]
        out = tmp_path / "i1.eml"
        room.run("digests", "export", "i1", "--to", "eml", "--as", "reader1@example.org", "-o", str(out))
        room.run("send", "i1", "--rehearse", "--json")
    rehearsed = [path.read_bytes() for path in sorted((room.folder / "outbox/i1/rehearsal").glob("*.eml"))]
    assert len(rehearsed) == 3
    for data in (tested, out.read_bytes(), *rehearsed):
        assert (judge(data, record), judge(with_second_subject(data), record)) == (True, False)
        assert data.count(b"DKIM-Signature: ") == 2


def test_without_a_signature_of_anybody_the_one_click_field_is_left_out(make_room):
    with smtp_server() as server:
        room = make_room(readers=1, port=server.port, NEWSLETTER_SMTP__RELAY_SIGNS="false")
        room.run("test", "i1", "--to", "editor@example.org")
        (tested,) = [one.data for one in server.received]
        assert b"List-Unsubscribe-Post" not in tested
        assert b"\r\nList-Unsubscribe: <" in tested
        found = room.run("check", "i1", "--offline", "--json").json["results"]
        assert [one["code"] for one in found if one["code"] == "D502"] == ["D502"]
        room.run("config", "dkim")
        room.run("test", "i1", "--to", "editor@example.org")
        assert b"\r\nList-Unsubscribe-Post: " in server.received[-1].data
        found = room.run("check", "i1", "--offline", "--json").json["results"]
        assert [one["code"] for one in found if one["code"] == "D502"] == []


def test_a_key_that_is_gone_stops_the_send_before_its_first_message(make_room, send_words):
    with smtp_server() as server:
        room = make_room(readers=3, port=server.port)
        record = room.run("config", "dkim", "--json").json
        (room.folder / record["key_file"]).unlink()
        done = room.run(*send_words, expect=4)
        assert done.json["error"]["code"] == "CONFIG-VALUE"
        assert done.json["error"]["fix"] == "newsletter config dkim"
        assert server.received == ()
