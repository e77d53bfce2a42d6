"""An issue as the frozen content that leaves: named by one version hash."""

from newsletter_cli.digest.model import Issue
from newsletter_cli.mail.content import Content


def freeze(issue: Issue) -> Content:
    """What every reader gets, without what differs between readers; equal issues give equal hashes on any machine."""
    return Content(
        digest=issue.file.id,
        list=issue.file.list,
        where=issue.file.where,
        language=issue.language,
        sender=issue.sender,
        reply_to=issue.reply_to,
        list_id=issue.list_id,
        list_title=issue.list_title,
        newsroom_id=issue.newsroom_id,
        subject=issue.subject,
        html=issue.html,
        text=issue.text,
        pictures=issue.inline_pictures,
        online_pictures=tuple(picture.hash for picture in issue.pictures),
        manner=issue.manner,
    )


def short(version: str) -> str:
    """A version as people see it: the first 8 of its hex digits."""
    return version[:8]
