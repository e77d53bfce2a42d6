"""Header fields that are the same for every reader of a version, in the order in which they are written."""

import hashlib
from typing import Final

from newsletter_cli.mail.content import Content
from newsletter_cli.mail.headers import mailbox_field, phrase_field, raw_field
from newsletter_cli.mail.stamp import Stamp

_SENDER_ID: Final = range(5, 16)  # lengths that Gmail accepts for the last part of Feedback-ID


def after_subject(content: Content, stamp: Stamp, content_type: str) -> bytes:
    """Everything from From to the last field; raises HeaderProblem for a sender or title that no field may hold."""
    fields = [
        mailbox_field("From", content.sender),
        mailbox_field("Reply-To", content.reply_to) if content.reply_to else b"",
        raw_field("MIME-Version", "1.0"),
        raw_field("Content-Type", content_type),
        raw_field("Content-Language", content.language),
        # Only what somebody signs may carry it: RFC 8058 §4.
        raw_field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") if stamp.post_header else b"",
        phrase_field("List-Id", content.list_title, content.list_id),
        raw_field("List-Help", f"<{stamp.help_url}>") if stamp.help_url else b"",
        raw_field("List-Archive", f"<{stamp.archive_url}>") if stamp.archive_url else b"",
        raw_field("List-Post", "NO"),
        raw_field("Feedback-ID", feedback_id(content)),
        # Fewer vacation replies come back.
        raw_field("Precedence", "bulk"),
        raw_field("X-Auto-Response-Suppress", "OOF, AutoReply"),
        raw_field("Auto-Submitted", "auto-generated") if stamp.auto_submitted else b"",
    ]
    return b"".join(fields)


def feedback_id(content: Content) -> str:
    """`digest:list:stream:SenderId`, nothing per reader (Gmail's feedback loop)."""
    sender = content.newsroom_id
    if len(sender) not in _SENDER_ID:
        sender = sender[:10] + hashlib.sha256(sender.encode()).hexdigest()[:5]
    parts = (content.digest, content.list, "digest", sender)
    return ":".join(part.replace(":", "-").replace(" ", "-") for part in parts)
