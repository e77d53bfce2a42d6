"""Composing a hostile article opens no socket and no file outside of the newsroom and the program."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path

root = Path(sys.argv[1]).resolve()
allowed = tuple(sys.argv[2:])

from newsletter_cli.digest.check.circumstances import circumstances_of
from newsletter_cli.digest.check.judge import check
from newsletter_cli.digest.loading import load_issue
from newsletter_cli.newsroom import Newsroom
from newsletter_cli.settings import load_settings

touched = []

def watch(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "subprocess.Popen"}:
        touched.append((event, str(arguments)))
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = Path(arguments[0] if isinstance(arguments[0], str) else arguments[0].decode())
        if not str(path.resolve()).startswith(allowed):
            touched.append((event, str(path)))

settings = load_settings(root, env={}).settings
sys.addaudithook(watch)
issue = load_issue("evil", settings, Newsroom(root))
findings = check(issue, circumstances_of(settings))
print(len(issue.lost_pictures), sorted({one.code for one in findings}), touched)
"""

ARTICLE = """\
---
title: "{{ ''.__class__ }} <img src=x onerror=alert(1)> [[ email ]]"
date: 2026-10-12
image: ../../../../../../etc/passwd
image_alt: x
kicker: "<style>@import url(file:///etc/passwd)</style>"
---
<script src="https://evil.example/x.js"></script> <link rel="stylesheet" href="https://evil.example/x.css">
<style>@import url(https://evil.example/y.css); body { background: url(https://evil.example/z.png) }</style>

![secret](/etc/hostname)

![leak](file:///etc/passwd)

![symlink](link.png)

[click](javascript:alert(1)) [local](http://127.0.0.1/admin) [data](data:text/html,x) {% include "/etc/passwd" %}
"""


def test_a_hostile_article_reaches_neither_the_network_nor_a_file_outside(newsroom_folder, tmp_path):
    outside = tmp_path / "outside.png"
    outside.write_bytes(b"\x89PNG\r\n\x1a\n" + b"secret" * 10)
    (newsroom_folder / "articles" / "link.png").symlink_to(outside)
    (newsroom_folder / "articles" / "hostile.md").write_text(ARTICLE, encoding="utf-8")
    digest = "---\nid: evil\nlist: weekly\nsubject: x\narticles: [hostile]\n---\n"
    (newsroom_folder / "digests" / "evil.md").write_text(digest, encoding="utf-8")
    project = Path(__file__).parent.parent.parent
    temporary = tmp_path / "tmp"  # where compiled templates are kept
    temporary.mkdir()
    allowed = [str(newsroom_folder.resolve()), str(project), sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix),
               str(temporary.resolve())]  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(newsroom_folder), *allowed],
        cwd=project, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    lost, _, rest = ran.stdout.partition(" ")
    assert int(lost) >= 2
    assert rest.rstrip().endswith(" []"), rest
    assert "'I107'" in rest
