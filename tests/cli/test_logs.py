"""The rooms' log on stderr."""

import json
import logging

import pytest

from newsletter_cli.cli.frame import Reply, Run, command
from tests.cli.conftest import Runner

room = logging.getLogger("newsletter_cli.delivery.connection")


@command("try it", examples=())
def talkative(run: Run) -> Reply:
    room.debug("C: MAIL FROM:<news@example.org>\x1b[2J")
    room.info("connected")
    room.warning("the server rests")
    room.error("the link is lost")
    return Reply()


@pytest.mark.parametrize(
    ("words", "env", "lines"),
    [
        ((), {}, 2),
        (("-q",), {}, 1),
        (("-v",), {}, 3),
        (("-vv",), {}, 4),
        ((), {"NEWSLETTER_LOG_LEVEL": "error"}, 1),
        ((), {"NEWSLETTER_LOG_LEVEL": "DEBUG"}, 4),
        ((), {"NEWSLETTER_LOG_LEVEL": "nonsense"}, 2),
        (("-v",), {"NEWSLETTER_LOG_LEVEL": "error"}, 3),
    ],
)
def test_the_log_is_as_talkative_as_asked(
    run_command: Runner, words: tuple[str, ...], env: dict[str, str], lines: int
) -> None:
    shown = run_command(talkative, *words, env=env).stderr.splitlines()
    everything = ["C: MAIL FROM:<news@example.org>[2J", "connected", "! the server rests", "! the link is lost"]
    assert shown == everything[-lines:]


def test_the_log_is_json_when_asked_for(run_command: Runner) -> None:
    lines = run_command(talkative, "--log-format", "json").stderr.splitlines()
    assert json.loads(lines[0]) == {
        "t": "2026-10-14T04:00:00Z", "level": "warning", "event": "log", "room": "delivery.connection",
        "text": "the server rests",
    }  # fmt: skip


def test_nothing_of_a_command_is_left_on_the_logger(run_command: Runner) -> None:
    logger = logging.getLogger("newsletter_cli")
    before = (logger.level, list(logger.handlers))
    run_command(talkative, "-vv")
    assert (logger.level, list(logger.handlers)) == before
