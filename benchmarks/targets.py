"""The targets: what is claimed, against whom, and by how much. One row of the table for each claim."""

from dataclasses import dataclass
from typing import Final

AT_LEAST: Final = "≥"
AT_MOST: Final = "≤"


@dataclass(frozen=True, slots=True)
class Claim:
    """One number that has to be reached. Of several cells (round trips × connections) the worst one counts."""

    key: str
    row: str
    command: str  # file beside this one, without .py
    what: str
    peer: str  # "" = the number stands by itself
    sign: str
    target: float
    unit: str

    def met(self, value: float) -> bool:
        return value >= self.target if self.sign == AT_LEAST else value <= self.target

    def worst(self, values: list[float]) -> float:
        """The value that counts when there are several."""
        return min(values) if self.sign == AT_LEAST else max(values)

    def share(self, value: float) -> float:
        """How far the target is reached: 1 is the target, more is better."""
        if self.sign == AT_LEAST:
            return value / self.target
        if not self.target:
            return 1 if value <= 0 else 0  # nothing between all and none
        return self.target / max(value, self.target / 100)


def _ratio(key: str, row: str, command: str, what: str, peer: str, target: float, sign: str = AT_LEAST) -> Claim:
    return Claim(key, row, command, what, peer, sign, target, "×")


SEND = "a personal message to each reader, ledger on disk, 10 connections to smtp-sink"
ROUND_TRIPS = "20 ms and 80 ms round trip, 1, 4 and 10 connections"

# fmt: off
# ruff: noqa: E501 - a table: one row, one line
CLAIMS: Final = (
    _ratio("p1", "P1", "p1_send", SEND, "smtp-source -d -s 10", 1.0),
    _ratio("p1d-rsa", "P1d", "p1d_signed", "the same, each signed with RSA-2048", "smtp-source -d -s 10", 0.55),
    _ratio("p1d-ed25519", "P1d", "p1d_signed", "the same, each signed with Ed25519", "smtp-source -d -s 10", 0.95),
    _ratio("p2", "P2", "p2_nodemailer", "as P1", "nodemailer, pool of 10, builds each message", 7),
    _ratio("p2-lean", "P2", "p2_nodemailer", "as P1, but to the lean sink", "nodemailer, pool of 10, builds each message", 7),
    _ratio("p2-signed", "P2", "p2_nodemailer", "as P1, both signing with RSA-2048", "nodemailer, pool of 10", 8),
    _ratio("p2-signed-lean", "P2", "p2_nodemailer", "as P1, both signing with RSA-2048, but to the lean sink", "nodemailer, pool of 10", 8),
    _ratio("p3", "P3", "p3_aiosmtplib", "as P1", "aiosmtplib + uvloop, 10 connections, messages built before", 3),
    _ratio("p3-lean", "P3", "p3_aiosmtplib", "as P1, but to the lean sink", "aiosmtplib + uvloop, 10 connections, messages built before", 3),
    _ratio("p3-built", "P3", "p3_aiosmtplib", "as P1", "aiosmtplib + uvloop, jinja2 and EmailMessage for each", 20),
    _ratio("p3-built-lean", "P3", "p3_aiosmtplib", "as P1, but to the lean sink", "aiosmtplib + uvloop, jinja2 and EmailMessage for each", 20),
    _ratio("p4", "P4", "p4_mailmerge", "as P1", "mailmerge", 50),
    _ratio("p4-lean", "P4", "p4_mailmerge", "as P1, but to the lean sink", "mailmerge", 50),
    _ratio("p5-smtp-source", "P5", "p5_round_trips", ROUND_TRIPS + ", PIPELINING", "smtp-source, as many connections", 3.8),
    _ratio("p5-nodemailer", "P5", "p5_round_trips", ROUND_TRIPS + ", PIPELINING", "nodemailer, as many connections", 2),
    _ratio("p6-smtp-source", "P6", "p6_chunking", ROUND_TRIPS + ", CHUNKING, depth 8, lean sink", "smtp-source", 20),
    _ratio("p6-nodemailer", "P6", "p6_chunking", ROUND_TRIPS + ", CHUNKING, depth 8, lean sink", "nodemailer", 10),
    _ratio("p6-postfix", "P6", "p6_chunking", ROUND_TRIPS + ", CHUNKING, depth 8, a whole Postfix", "smtp-source", 9),
    _ratio("p7", "P7", "p7_fill", "building one personal message, one core", "jinja2 + EmailMessage", 40),
    Claim("p7-rate", "P7", "p7_fill", "building one personal message, one core", "", AT_LEAST, 20_000, "/s"),
    _ratio("p8", "P8", "p8_sign", "signing one message with RSA-2048, one core", "dkimpy on the same message", 20),
    _ratio("p9", "P9", "p9_import", "import of 1,000,000 rows", "email-validator called for each", 4),
    Claim("p9-seconds", "P9", "p9_import", "import of 1,000,000 rows", "", AT_MOST, 15, "s"),
    Claim("p9-verdicts", "P9", "p9_import", "addresses of 300,000 judged otherwise than by email-validator", "", AT_MOST, 0, "addresses"),
    Claim("p10-freeze", "P10", "p10_million", "freezing an audience of 1,000,000", "", AT_MOST, 4, "s"),
    Claim("p10-first", "P10", "p10_million", "from confirmation to the first message on the wire", "", AT_MOST, 5, "s"),
    _ratio("p11", "P11", "p10_million", "memory of send, 1,000,000 readers", "10,000 readers", 1.2, AT_MOST),
    Claim("p11-peak", "P11", "p10_million", "memory of send, 1,000,000 readers", "", AT_MOST, 80, "MiB"),
    Claim("p11-seconds", "P11", "p10_million", "1,000,000 messages to the lean sink", "", AT_MOST, 60, "s"),
    _ratio("p12", "P12", "p10_million", "CPU time of one message, 1,000,000 readers", "10,000 readers", 1.1, AT_MOST),
    Claim("p14-help", "P14", "p14_start", "newsletter --help, beyond python -c 'import typer'", "", AT_MOST, 100, "ms"),
    Claim("p14-pause", "P14", "p14_start", "newsletter pause, beyond python -c 'import typer'", "", AT_MOST, 250, "ms"),
    Claim("p14-status", "P14", "p14_start", "newsletter status, beyond python -c 'import typer'", "", AT_MOST, 250, "ms"),
    Claim("p14-imports", "P14", "p14_start", "heavy libraries that these three load", "", AT_MOST, 0, "libraries"),
    Claim("p15", "P15", "p15_compose", "compose and check --offline of a ten-article digest", "", AT_MOST, 1, "s"),
)
# fmt: on

BY_KEY: Final = {claim.key: claim for claim in CLAIMS}
COMMANDS: Final = tuple(dict.fromkeys(claim.command for claim in CLAIMS))
