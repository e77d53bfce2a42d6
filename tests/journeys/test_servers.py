"""Several servers, a login by token, and a send that stops itself, as a newsroom sets them up."""

from collections import Counter

from tests.servers import free_port
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import refuse_recipient


def several(*servers: tuple[str, int, int]) -> str:
    tables = "".join(
        f'[[smtp.servers]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\nweight = {weight}\n'
        for name, port, weight in servers
    )
    return f'[smtp]\nsecurity = "none"\nrate = "off"\nwait = "5s"\n{tables}'


def without_server(room):
    """The environment names none, so that newsletter.toml does."""
    for name in ("HOST", "PORT", "SECURITY", "RATE"):
        del room.env[f"NEWSLETTER_SMTP__{name}"]


def test_mail_is_shared_by_weight_and_the_stand_in_takes_the_place_of_the_dead(make_room, send_words):
    with smtp_server() as heavy, smtp_server() as light, smtp_server() as spare:
        room = make_room(readers=1000, port=heavy.port)
        without_server(room)
        room.setting(several(("heavy", heavy.port, 3), ("light", light.port, 1), ("spare", spare.port, 0)))
        sent = room.run(*send_words).json
        assert (sent["state"], sent["recipients"]["accepted"]) == ("sent", 1000)
        counts = [sum(one.copies().values()) for one in (heavy, light, spare)]
    assert heavy.copies() + light.copies() == Counter(f"reader{n}@example.org" for n in range(1, 1001))
    assert abs(counts[0] - 750) <= 50
    assert counts[2] == 0


def test_one_server_is_down_and_nobody_misses_his_copy(make_room, send_words):
    with smtp_server() as good, smtp_server() as spare:
        room = make_room(readers=200, port=good.port)
        without_server(room)
        room.setting(several(("good", good.port, 1), ("dead", free_port(), 1), ("spare", spare.port, 0)))
        done = room.run(*send_words)
    assert done.json["recipients"]["accepted"] == 200
    assert good.copies() + spare.copies() == Counter(f"reader{n}@example.org" for n in range(1, 201))
    assert "127.0.0.1" in done.stderr


def test_a_profile_with_a_server_of_its_own_never_reaches_the_real_ones(make_room, send_words):
    with smtp_server() as real, smtp_server() as trial:
        room = make_room(readers=20, port=real.port)
        without_server(room)
        room.setting(
            several(("real", real.port, 1))
            + f'[profiles.staging.smtp]\nhost = "127.0.0.1"\nport = {trial.port}\nsecurity = "none"\n'
        )
        room.run("--profile", "staging", *send_words)
    assert sum(trial.copies().values()) == 20
    assert real.heard == ()


def test_a_login_by_token_asks_the_command_for_it(make_room, send_words):
    with smtp_server(login=("news", "t0ken")) as server:
        room = make_room(
            readers=10, port=server.port, NEWSLETTER_SMTP__USERNAME="news",
            NEWSLETTER_SMTP__OAUTH2='{ command = "echo t0ken" }',
        )  # fmt: skip
        done = room.run(*send_words)
    assert done.json["recipients"]["accepted"] == 10
    assert "t0ken" not in done.stdout + done.stderr


def test_a_token_that_is_refused_pauses_the_send_and_leaves_nothing_out(make_room, send_words):
    with smtp_server(login=("news", "t0ken")) as server:
        room = make_room(
            readers=10, port=server.port, NEWSLETTER_SMTP__USERNAME="news",
            NEWSLETTER_SMTP__OAUTH2='{ command = "echo stale" }',
        )  # fmt: skip
        sent = room.run(*send_words, expect=4).json
        assert (sent["reason"], sent["recipients"]["waiting"]) == ("SMTP-AUTH", 10)
        room.env["NEWSLETTER_SMTP__OAUTH2"] = '{ command = "echo t0ken" }'
        assert room.run("resume", "i1", "--json").json["recipients"]["accepted"] == 10
    assert server.copies() == Counter(f"reader{n}@example.org" for n in range(1, 11))


def test_bad_answers_to_the_first_readers_stop_the_send_and_resume_goes_on_without_that_stop(make_room, send_words):
    with smtp_server(refuse_recipient("reader?@*")) as server:
        room = make_room(readers=600, port=server.port)
        sent = room.run(*send_words, expect=7).json
        assert (sent["state"], sent["reason"]) == ("paused", "TOO-MANY-FAILURES")
        counts = sent["recipients"]
        assert (counts["accepted"], counts["failed"], counts["waiting"]) == (16, 9, 575)
        resumed = room.run("resume", "i1", "--json", expect=6).json
    assert (resumed["state"], resumed["recipients"]["accepted"]) == ("sent-with-gaps", 591)
    assert max(server.copies().values()) == 1
