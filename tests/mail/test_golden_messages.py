"""Whole messages, numbered, one situation each: tests/golden/messages/NN-what-it-shows.json → .eml."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter_cli.mail.content import Content
from newsletter_cli.mail.message import compile_content
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.stamp import Stamp

FOLDER = Path(__file__).parent.parent / "golden" / "messages"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_the_message_is_the_golden_one(
    name: str, golden: Callable[[str, str], None], stamp: Callable[..., Stamp]
) -> None:
    situation = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    compiled = compile_content(Content.from_json(json.dumps(situation["content"])), stamp(**situation["stamp"]))
    golden(f"messages/{name}.eml", compiled.fill(Reader(**situation["reader"])).joined().decode())
