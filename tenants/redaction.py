"""Keeping secrets out of the logs."""

import logging
import re

# Bearer tokens, Heroku's HRKU-…, Salesforce's 00D…!…, and form or query values that are secrets.
_SECRETS = re.compile(
    r"(?P<name>\b(?:bearer\s+|(?:access_token|refresh_token|client_secret|code_verifier|code|token)"
    r"[\"']?\s*[=:]\s*[\"']?))[^\s&\"',}]+"
    r"|HRKU-[\w-]+|\b00D\w{12,15}![\w.-]+|\b5Aep[\w.-]+",
    re.IGNORECASE,
)
HIDDEN = "[hidden]"


def redact(text: str) -> str:
    """Return `text` with everything that looks like a token replaced by "[hidden]"."""
    return _SECRETS.sub(lambda found: (found["name"] or "") + HIDDEN, text)


class RedactionFilter(logging.Filter):
    """Redact the finished message and the traceback of every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Redacted as a whole, because a secret may be split between the text and its arguments.
        record.msg, record.args = redact(record.getMessage()), None
        # logging reuses exc_text, so handlers that come later print the redacted one.
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True
