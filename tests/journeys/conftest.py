"""The program as a person or a script has it: a subprocess, its two streams and its exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Done:
    """One command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document of --json."""
        return json.loads(self.stdout)


@dataclass
class Room:
    """A newsroom that is driven from outside."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, *words: str, cwd: Path | None = None, **more: Any) -> subprocess.Popen[str]:
        """Begin a command; stdin is empty, so nobody can be asked."""
        return subprocess.Popen(
            [sys.executable, "-m", "newsletter_cli", *words],
            cwd=cwd or self.folder,
            env={**os.environ, **self.env, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )

    def run(self, *words: str, expect: int | None = 0, cwd: Path | None = None) -> Done:
        """A command from start to end. expect: its exit code; None = any."""
        process = self.start(*words, cwd=cwd)
        stdout, stderr = process.communicate(timeout=240)
        done = Done(process.returncode, stdout, stderr)
        if expect is not None:
            assert done.code == expect, f"newsletter {' '.join(words)}: exit {done.code}\n{stderr}\n{stdout}"
        return done

    def setting(self, text: str) -> None:
        """Add lines to newsletter.toml."""
        config = self.folder / "newsletter.toml"
        config.write_text(config.read_text(encoding="utf-8") + "\n" + text + "\n", encoding="utf-8")


ARTICLE = """\
---
title: ما الذي تغيّر في أسعار القمح هذا الأسبوع؟
date: 2026-10-12
kicker: اقتصاد
---

قالت مصادر محلية إن أسعار القمح ارتفعت خلال الأسبوع الماضي في معظم أسواق المنطقة، وعزت ذلك إلى تراجع المخزون.

يتوقع تجار أن تستقر الأسعار مع بدء موسم الزراعة الجديد، وأن يعود الطلب إلى ما كان عليه قبل عام من الآن.
"""


@pytest.fixture
def make_room(tmp_path: Path) -> Callable[..., Room]:
    """make_room(readers=20, port=1025): a live newsroom with one article, that many readers, and the digest i1."""

    def make(*, readers: int, port: int, live: bool = True, **env: str) -> Room:
        room = Room(
            tmp_path / "room",
            {
                "NEWSLETTER_SMTP__HOST": "127.0.0.1", "NEWSLETTER_SMTP__PORT": str(port),
                "NEWSLETTER_SMTP__SECURITY": "none", "NEWSLETTER_SMTP__RATE": "off", "NEWSLETTER_USER": "editor", **env,
            },
        )  # fmt: skip
        room.run("init", "room", "--no-sample", "--no-input", cwd=tmp_path)
        room.setting("[safety]\nrequire_test = false")
        article = room.folder / "articles" / "2026" / "10" / "wheat.md"
        article.parent.mkdir(parents=True, exist_ok=True)
        article.write_text(ARTICLE, encoding="utf-8")
        rows = "".join(f"reader{n}@example.org,قارئ {n},دمشق\n" for n in range(1, readers + 1))
        (tmp_path / "s.csv").write_text("email,name,city\n" + rows, encoding="utf-8")
        room.run("subscribers", "import", str(tmp_path / "s.csv"), "--list", "weekly", "--status", "active",
                 "--consent", "stand", "--yes")  # fmt: skip
        room.run("compose", "i1", "--list", "weekly", "--articles", "wheat")
        if live:
            room.run("config", "go-live", "--confirm", "room")
        return room

    return make


SEND = ("send", "i1", "--confirm", "weekly", "--max-recipients", "100000", "--undo", "0", "--json")


@pytest.fixture
def send_words() -> tuple[str, ...]:
    return SEND
