"""What replies of real servers are taken to mean."""

import pytest

from newsletter_cli.delivery.smtp.book import load_book
from newsletter_cli.delivery.smtp.reply import ReplyReader, read_reply
from newsletter_cli.delivery.smtp.verdict import Asked, Category, Effect

RCPT, DOT, MAIL, AUTH, DATA = Asked.RCPT, Asked.DOT, Asked.MAIL, Asked.AUTH, Asked.DATA
C, E = Category, Effect

# fmt: off
# ruff: noqa: E501  (replies as they come)
REPLIES = [
    # provider, asked, answer, category, for good, effect
    # --- the reader
    ("google", RCPT, "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos gsmtp", C.DEAD, True, E.NONE),
    ("google", RCPT, "550 5.2.1 The email account that you tried to reach is disabled. gsmtp", C.DISABLED, True, E.NONE),
    ("google", RCPT, "552 5.2.2 The recipient's inbox is out of storage space and inactive. gsmtp", C.DISABLED, True, E.NONE),
    ("google", RCPT, "452 4.2.2 The recipient's inbox is out of storage space. gsmtp", C.FULL, False, E.NONE),
    ("microsoft", RCPT, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)", C.DEAD, True, E.NONE),
    ("microsoft", RCPT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", C.DEAD, True, E.NONE),
    ("microsoft", RCPT, "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", C.DEAD, True, E.NONE),
    ("yahoo", DOT, "554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [0] - mta1.mail.yahoo.com", C.DISABLED, True, E.NONE),
    ("yahoo", DOT, "554 delivery error: dd Requested mail action aborted, mailbox not found", C.DEAD, True, E.NONE),
    ("", RCPT, "550 5.1.1 <a@example.org>: Recipient address rejected: User unknown in virtual mailbox table", C.DEAD, True, E.NONE),
    ("", RCPT, "550 5.1.1 <a@example.org>: Recipient address rejected: User unknown in local recipient table", C.DEAD, True, E.NONE),
    ("", RCPT, "550 No such user here", C.DEAD, True, E.NONE),
    ("", RCPT, "556 5.1.10 Recipient address has null MX", C.DEAD, True, E.NONE),
    ("", RCPT, "552 5.2.2 Mailbox full", C.FULL, True, E.NONE),
    ("", DOT, "452 4.2.2 <a@example.org> Quota exceeded (mailbox for user is full)", C.FULL, False, E.NONE),
    ("", RCPT, "550 5.2.1 mailbox disabled, not accepting messages", C.DISABLED, True, E.NONE),
    ("", RCPT, "553 5.6.7 SMTPUTF8 is required for the recipient address", C.EAI, True, E.NONE),
    # --- our speed
    ("google", RCPT, "450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time. gsmtp", C.THROTTLE, False, E.SLOW),
    ("google", DOT, "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address. gsmtp", C.THROTTLE, False, E.SLOW),
    ("google", MAIL, "421 4.7.0 Try again later, closing connection. (EHLO) gsmtp", C.THROTTLE, False, E.SLOW),
    ("microsoft", MAIL, "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.", C.THROTTLE, False, E.SLOW),
    ("microsoft", MAIL, "421 RP-001 (BAY004-MC1F11) Unfortunately, some messages were not sent.", C.THROTTLE, False, E.SLOW),
    ("microsoft", DOT, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", C.THROTTLE, False, E.SLOW),
    ("yahoo", MAIL, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", C.THROTTLE, False, E.SLOW),
    ("", MAIL, "421 4.7.0 mx.example.org Error: too many connections from 192.0.2.1", C.THROTTLE, False, E.SLOW),
    ("", RCPT, "452 4.5.3 Error: too many recipients", C.THROTTLE, False, E.SLOW),
    # --- our reputation: never the reader's fault
    ("google", DOT, "550 5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail. gsmtp", C.POLICY, True, E.PAUSE_LANE),
    ("microsoft", MAIL, "550 SC-001 (BAY004-MC1F11) Unfortunately, messages from 192.0.2.1 weren't sent. Please contact your Internet service provider", C.POLICY, True, E.PAUSE_LANE),
    ("microsoft", MAIL, "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. part of their network is on our block list (S3140).", C.POLICY, True, E.PAUSE_LANE),
    ("yahoo", DOT, "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes", C.POLICY, True, E.PAUSE_LANE),
    ("", RCPT, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", C.POLICY, True, E.PAUSE_LANE),
    ("", RCPT, "550 User unknown, or your IP is listed in the blocklist at spamhaus", C.POLICY, True, E.PAUSE_LANE),
    ("", RCPT, "554 5.7.1 <a@example.org>: Relay access denied", C.POLICY, True, E.PAUSE_LANE),
    ("", DOT, "550 5.7.1 Message rejected as spam by Content Filtering.", C.POLICY, True, E.PAUSE_LANE),
    # --- our sender and our account
    ("google", DOT, "550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", C.AUTH, False, E.PAUSE_SENDER),
    ("microsoft", DOT, "550 5.7.515 Access denied, sending domain example.org doesn't meet the required authentication level.", C.AUTH, False, E.PAUSE_SENDER),
    ("microsoft", DOT, "554 5.2.252 SendAsDenied; ops@example.org not allowed to send as news@example.org", C.AUTH, False, E.PAUSE_SENDER),
    ("", MAIL, "553 5.7.1 <news@example.org>: Sender address rejected: not owned by user ops", C.AUTH, False, E.PAUSE_SENDER),
    ("google", AUTH, "535 5.7.8 Username and Password not accepted. gsmtp", C.LOGIN, False, E.PAUSE_LOGIN),
    ("", MAIL, "530 5.7.0 Authentication required", C.LOGIN, False, E.PAUSE_LOGIN),
    ("google", DOT, "550 5.4.5 Daily user sending limit exceeded. gsmtp", C.THROTTLE, False, E.ACCOUNT_BLOCKED),
    ("microsoft", DOT, "550 5.1.8 Access denied, bad outbound sender AS(42004)", C.POLICY, False, E.ACCOUNT_BLOCKED),
    ("", DOT, "554 Sending paused for this account.", C.POLICY, False, E.ACCOUNT_BLOCKED),
    # --- what passes, and what nobody knows
    ("", RCPT, "450 4.2.0 <a@example.org>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch", C.TRANSIENT, False, E.NONE),
    ("", RCPT, "451 4.3.0 Temporary lookup failure", C.TRANSIENT, False, E.NONE),
    ("", DOT, "552 5.3.4 Message size exceeds fixed limit", C.CONTENT, True, E.NONE),
    ("", DOT, "599 99 red balloons", C.UNKNOWN, True, E.NONE),
    ("", DATA, "354 go ahead", C.UNKNOWN, False, E.NONE),
]
# fmt: on


@pytest.mark.parametrize(("provider", "asked", "answer", "category", "permanent", "effect"), REPLIES)
def test_a_reply_means(provider, asked, answer, category, permanent, effect):
    (said,) = ReplyReader().feed(f"{answer}\r\n".encode())
    verdict = load_book().judge(asked, read_reply(said), provider)
    assert (verdict.category, verdict.permanent, verdict.effect) == (category, permanent, effect), verdict.rule


def test_only_the_reader_s_own_replies_are_sure_to_be_about_the_reader():
    about_us = {Category.POLICY, Category.AUTH, Category.THROTTLE, Category.TRANSIENT, Category.CONTENT}
    assert [rule.id for rule in load_book().rules if rule.sure and rule.category in about_us] == []


def test_every_row_has_a_name_of_its_own():
    names = [rule.id for rule in load_book().rules]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ('id = "x"\ncategory = "nothing"', "row x: 'nothing' is not a valid Category"),
        ('id = "x"\ncategory = "dead"\ncode = "99"', "row x: no code: 99"),
        ('id = "x"\ncategory = "dead"\nextra = 1', "row x: unknown extra"),
        ('category = "dead"', "row [?]: 'id'"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named(tmp_path, row, complaint):
    path = tmp_path / "replies.toml"
    path.write_text(f"[[rules]]\n{row}\n", "utf-8")
    with pytest.raises(ValueError, match=complaint):
        load_book(path)


@pytest.mark.parametrize(("provider", "asked", "answer", "category", "for_good", "effect"), REPLIES)
def test_a_book_of_one_providers_servers_judges_as_if_told_each_time(
    provider, asked, answer, category, for_good, effect
):
    ((said),) = ReplyReader().feed(f"{answer}\r\n".encode())
    verdict = load_book().at(provider).judge(asked, read_reply(said))
    assert (verdict.category, verdict.permanent, verdict.effect) == (category, for_good, effect)
