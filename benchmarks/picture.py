"""The claims as bars: how far each target is reached, on a logarithmic scale with the target as a line."""

import math
from html import escape
from typing import Final

from measuring import number
from standing import Standing

WIDTH: Final = 960
LEFT: Final = 380  # for what is claimed
RIGHT: Final = 210  # for the number and the target
TOP: Final = 64
STEP: Final = 26  # from bar to bar
BAR: Final = 14  # its height
LEAST: Final = 0.1  # times the target: what lies beyond these two ends there
MOST: Final = 10.0

STYLE: Final = """
  text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 } .small { font-size: 12px; fill: #59636e }
  .paper { fill: #ffffff } .line { stroke: #d1d9e0 } .target { stroke: #1f2328; stroke-width: 1.5 }
  .met { fill: #1a7f64 } .not { fill: #c4532d } .none { fill: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 } .paper { fill: #0d1117 } .line { stroke: #3d444d }
    .target { stroke: #f0f6fc } .met { fill: #2ea98a } .not { fill: #e8714a } .none { fill: #3d444d }
  }
"""


def draw(found: tuple[Standing, ...]) -> str:
    """An SVG that follows the reader's light or dark."""
    height = TOP + STEP * len(found) + 34
    rows = "".join(_row(one, TOP + STEP * place) for place, one in enumerate(found))
    met = sum(one.met for one in found)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{met} of {len(found)} targets met">\n<style>{STYLE}</style>\n'
        f'<rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>\n'
        f'<text class="title" x="20" y="30">Measured against the target: {met} of {len(found)} met</text>\n'
        f'{_scale(height)}{rows}{_line(1, height)}</svg>\n'
    )  # fmt: skip


def _place(share: float) -> float:
    """Where a share of the target lies, in pixels from the left."""
    inside = min(max(share, LEAST), MOST)
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log(inside / LEAST) / math.log(MOST / LEAST)


def _scale(height: int) -> str:
    told = ""
    for share, label in ((0.1, "a tenth"), (0.5, "half"), (1, "target"), (2, "2 ×"), (5, "5 ×"), (10, "10 × better")):
        told += _line(share, height)
        told += f'<text class="small" x="{_place(share):.1f}" y="{height - 12}" text-anchor="middle">{label}</text>\n'
    return told


def _line(share: float, height: int) -> str:
    x, kind = _place(share), "target" if share == 1 else "line"
    return f'<line class="{kind}" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 28}"/>\n'


def _row(one: Standing, y: int) -> str:
    claim = one.claim
    goal = f"{claim.sign} {number(claim.target, claim)}"
    told = f"<g><title>{escape(f'{claim.what}: {one.shown}, target {goal}')}</title>\n"
    told += f'<text x="20" y="{y + 12}">{escape(f"{claim.row}  {SHORT[claim.key]}")}</text>\n'
    if one.value is None:
        return told + f'<text class="small" x="{LEFT + 6}" y="{y + 12}">not measured</text></g>\n'
    width, kind = max(_place(claim.share(one.value)) - LEFT, 2), "met" if one.met else "not"
    told += f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>\n'
    told += f'<text x="{WIDTH - RIGHT + 14}" y="{y + 12}">{escape(one.shown)}</text>\n'
    return told + f'<text class="small" x="{WIDTH - 20}" y="{y + 12}" text-anchor="end">{escape(goal)}</text></g>\n'


# What fits beside a bar; the table has the whole sentence.
SHORT: Final = {
    "p1": "sending, against smtp-source (C)",
    "p1d-rsa": "signed with RSA-2048, against smtp-source",
    "p1d-ed25519": "signed with Ed25519, against smtp-source",
    "p2": "against nodemailer, pool of 10",
    "p2-lean": "the same, to the lean sink",
    "p2-signed": "against nodemailer, both signing",
    "p2-signed-lean": "the same, to the lean sink",
    "p3": "against aiosmtplib, messages made before",
    "p3-lean": "the same, to the lean sink",
    "p3-built": "against aiosmtplib, messages built",
    "p3-built-lean": "the same, to the lean sink",
    "p4": "against mailmerge",
    "p4-lean": "the same, to the lean sink",
    "p5-smtp-source": "20–80 ms, PIPELINING, against smtp-source",
    "p5-nodemailer": "20–80 ms, PIPELINING, against nodemailer",
    "p6-smtp-source": "20–80 ms, CHUNKING, against smtp-source",
    "p6-nodemailer": "20–80 ms, CHUNKING, against nodemailer",
    "p6-postfix": "20–80 ms, a real Postfix, against smtp-source",
    "p7": "building a message, against jinja2",
    "p7-rate": "building messages, each second",
    "p8": "signing with RSA, against dkimpy",
    "p9": "import, against email-validator",
    "p9-seconds": "import of a million rows",
    "p9-verdicts": "addresses judged otherwise",
    "p10-freeze": "freezing a million readers",
    "p10-first": "first message of a million",
    "p11": "memory, a million against 10,000",
    "p11-peak": "memory of a million",
    "p11-seconds": "a million messages",
    "p12": "cost of a message, a million against 10,000",
    "p14-help": "newsletter --help",
    "p14-pause": "newsletter pause",
    "p14-status": "newsletter status",
    "p14-imports": "heavy libraries loaded by them",
    "p15": "compose and check, ten articles",
}
