"""The main job as a script runs it, and what its exit codes say."""

import json
import re
import socket
import time
import urllib.request

import pytest

from tests.servers.postfix import smtp_sink
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import close_after_data, defer, refuse_recipient

SEED = """\
الوضع المظلم
السبت ٢٧ / أبريل / ٢٠٢٤
Logo
  • مجلس المدينة يقر خطة جديدة لتوزيع المياه على الأحياء الشرقية

مجلس المدينة يقر خطة جديدة لتوزيع المياه على الأحياء الشرقية
خدمات عامة

أقر مجلس المدينة في جلسته الأخيرة خطة جديدة لتوزيع المياه على الأحياء الشرقية، تبدأ مطلع الشهر المقبل وتستمر ستة أشهر.


وأوضح رئيس المجلس أن الخطة وضعت بعد شكاوى متكررة من السكان، وأن فرق الصيانة ستعمل على مدار الساعة حتى نهاية المشروع.


اقرأ المزيد: أسعار المياه المعبأة ترتفع للشهر الثالث

وكالة الأنباء المحلية

النشرة الإخبارية

اشترك في قائمتنا البريدية للحصول على التحديثات الجديدة!
"""


def test_the_automation_run_works_from_end_to_end(make_room, send_words, tmp_path):
    with smtp_sink() as sink:
        room = make_room(readers=40, port=sink.port)
        page = tmp_path / "a.txt"
        page.write_text(SEED, encoding="utf-8")
        imported = room.run("articles", "import", str(page), "--json").json["articles"][0]
        assert (imported["date"], imported["kicker"]) == ("2024-04-27", "خدمات عامة")
        room.run("compose", "i2", "--list", "weekly", "--articles", imported["slug"], "wheat")
        assert room.run("check", "i2", "--offline", "--json").json["counts"]["error"] == 0
        out = tmp_path / "i2.eml"
        exported = room.run("digests", "export", "i2", "--to", "eml", "--as", "reader1@example.org", "-o", str(out),
                            "--json")  # fmt: skip
        assert out.read_bytes().startswith(b"Date: ")
        words = ("send", "i2", *send_words[2:])
        sent = room.run(*words).json
        assert sent["version"] == exported.json["version"]
        assert sent["state"] == "sent"
        assert sent["recipients"] == {"total": 40, "accepted": 40, "failed": 0, "uncertain": 0, "skipped": 0,
                                      "waiting": 0, "retry": 0}  # fmt: skip
        assert set(sink.copies().values()) == {1}
        assert len(sink.copies()) == 40
        assert room.run("report", "i2", "--recipients", "failed", "--format", "csv").stdout == (
            "email,outcome,settled,code,enhanced,answer,domain,attempts,at\n"
        )
        again = room.run(*words).json
        assert (again["already"], again["exit"]) == (True, 0)
        assert len(sink.delivered()) == 40


def test_rejected_readers_make_exit_6(make_room, send_words):
    with smtp_server(refuse_recipient("reader[12]@*")) as server:
        room = make_room(readers=5, port=server.port)
        done = room.run(*send_words, expect=6)
        assert (done.json["recipients"]["failed"], done.json["recipients"]["accepted"]) == (2, 3)
        assert done.json["state"] == "sent-with-gaps"
        rows = room.run("report", "i1", "--recipients", "failed", "--format", "csv").stdout.splitlines()
        assert [row.split(",")[0] for row in rows[1:]] == ["reader1@example.org", "reader2@example.org"]


def test_a_server_that_only_defers_makes_exit_7_and_resume_goes_on(make_room, send_words):
    with smtp_server(defer()) as server:
        room = make_room(readers=3, port=server.port)
        done = room.run(*send_words, "--wait", "1s", expect=7)
        assert done.json["recipients"]["retry"] == 3
        server.faults = ()
        assert room.run("resume", "i1", "--json").json["recipients"]["accepted"] == 3
        assert server.copies() == {f"reader{n}@example.org": 1 for n in (1, 2, 3)}


def test_a_server_that_drops_after_the_data_makes_exit_9_until_somebody_decides(make_room, send_words):
    with smtp_server(close_after_data(times=2)) as server:
        room = make_room(readers=6, port=server.port)
        done = room.run(*send_words, expect=9)
        doubted = done.json["unsettled"]
        assert doubted == done.json["recipients"]["uncertain"] == 2
        assert done.json["recipients"]["accepted"] == 4
        assert room.run("resume", "i1", "--json", expect=9).json["recipients"]["accepted"] == 4
        settled = room.run("resume", "i1", "--uncertain", "retry", "--json").json
        assert (settled["recipients"]["uncertain"], settled["recipients"]["accepted"]) == (0, 6)
        assert sum(server.copies().values()) == 6 + doubted


def test_skipping_the_uncertain_stops_exit_9(make_room, send_words):
    with smtp_server(close_after_data(times=1)) as server:
        room = make_room(readers=3, port=server.port)
        room.run(*send_words, expect=9)
        done = room.run("resume", "i1", "--uncertain", "skip", "--json")
        assert (done.json["recipients"]["uncertain"], done.json["unsettled"], done.json["exit"]) == (1, 0, 0)


def test_a_server_that_is_down_makes_exit_7_and_nothing_is_sent(make_room, send_words):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    room = make_room(readers=3, port=port)
    done = room.run(*send_words, "--wait", "1s", expect=7)
    assert (done.json["reason"], done.json["state"]) == ("SMTP-CONNECT", "paused")
    assert done.json["recipients"]["waiting"] == 3


def test_what_is_not_allowed_sends_nothing(make_room, send_words):
    room = make_room(readers=3, port=9, live=False)
    assert room.run(*send_words, expect=5).json["error"]["code"] == "NOT-LIVE"
    room.run("config", "go-live", "--confirm", "room")
    refused = {
        ("send", "i1", "--json"): (3, "NOT-CONFIRMED"),
        ("send", "i1", "--yes", "--json"): (3, "NOT-CONFIRMED"),
        ("send", "i1", "--confirm", "daily", "--max-recipients", "9", "--json"): (3, "WRONG-COUNT"),
        ("send", "i1", "--confirm", "weekly", "--max-recipients", "2", "--json"): (5, "TOO-MANY"),
        ("send", "nothing", "--confirm", "weekly", "--json"): (2, "NOT-FOUND"),
        ("send", "i1", "--at", "2020-01-01 07:00", "--confirm", "weekly", "--json"): (2, "TIME-PAST"),
        ("resume", "i1", "--json"): (2, "NOT-FOUND"),
    }
    for words, (code, name) in refused.items():
        done = room.run(*words, expect=code)
        assert (done.json["error"]["code"], done.json["error"]["sent"]) == (name, 0), words
    room.env["NEWSLETTER_NO_SEND"] = "1"
    assert room.run(*send_words, expect=5).json["error"]["code"] == "NO-SEND"


@pytest.mark.parametrize("body", [b"List-Unsubscribe=One-Click", b""])
def test_who_leaves_by_one_click_while_a_send_runs_is_skipped(make_room, send_words, body):
    with smtp_sink() as sink:
        room = make_room(readers=60, port=sink.port, NEWSLETTER_SMTP__RATE="20/s")
        serving = room.start("serve", "--listen", "127.0.0.1:0")
        try:
            url = serving.stdout.readline().split()[1]
            room.run("send", "i1", "--rehearse")
            letters = sorted((room.folder / "outbox" / "i1" / "rehearsal").glob("*.eml"))
            last = letters[-1].read_text()
            token = re.search(r"List-Unsubscribe: <http://[^>]*/u/([a-z2-7]{26})>", last)[1]
            sending = room.start(*send_words)
            deadline = time.monotonic() + 30
            while not sink.delivered() and time.monotonic() < deadline:
                time.sleep(0.02)
            urllib.request.urlopen(f"{url}/u/{token}")  # a GET changes nothing
            assert json.loads(room.run("subscribers", "show", "reader60@example.org", "--json").stdout)["lists"] == [
                "weekly"
            ]
            asked = urllib.request.Request(f"{url}/u/{token}", data=body, method="POST")
            assert urllib.request.urlopen(asked).status == 200
            stdout, stderr = sending.communicate(timeout=60)
            tally = json.loads(stdout)["recipients"]
            assert (tally["accepted"], tally["skipped"]) == (59, 1), stderr
            assert "reader60@example.org" not in sink.copies()
        finally:
            serving.terminate()
            serving.communicate(timeout=20)
            assert serving.returncode == 0
