"""The mails that Django's file backend has written."""

import email
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

BETWEEN = b"\n" + b"-" * 79 + b"\n"  # the backend puts several mails into a file


@dataclass(frozen=True)
class Mail:
    """One mail; `html` is "" where it has only text, `at` None where it has no date."""

    to: str
    subject: str
    at: datetime | None
    text: str
    html: str


def read(directory: Path) -> list[Mail]:
    """Return all mails, the oldest first."""
    files = sorted(directory.glob("*.log"), key=lambda each: each.stat().st_mtime_ns)
    parts = [part for each in files for part in each.read_bytes().split(BETWEEN)]
    return [_mail(part) for part in parts if part.strip()]


def _mail(written: bytes) -> Mail:
    message = email.message_from_bytes(written.lstrip(), policy=policy.default)
    sent = message["Date"]
    return Mail(
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        at=parsedate_to_datetime(str(sent)) if sent else None,
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body else ""
