"""Log lines as logfmt: one line, key=value, with request id, tenant and stage."""

import logging
import re

from connect.clients import http

_PLAIN = re.compile(r"[^\s\"=\\]+")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class WorkFilter(logging.Filter):
    """Add `tenant` and `stage` of the current work to every record; "-" outside of work."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.tenant = http.current_tenant.get()
        record.stage = http.current_stage.get()
        return True


class RefusedFilter(logging.Filter):
    """Drop the traceback of a request that Django refuses, because anybody can send thousands."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


class LogfmtFormatter(logging.Formatter):
    """A record, its traceback included, as one line of logfmt."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            "at": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "tenant": getattr(record, "tenant", "-"),
            "stage": getattr(record, "stage", "-"),
            "msg": record.getMessage(),
        }
        # RedactionFilter has set exc_text already, without secrets: a second text would undo that.
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            facts["trace"] = record.exc_text
        return " ".join(f"{key}={quoted(value)}" for key, value in facts.items())


def quoted(value: str) -> str:
    """Return a value as logfmt writes it: bare where it can be, else quoted and escaped."""
    if _PLAIN.fullmatch(value):
        return value
    return f'"{value.translate(_ESCAPES)}"'
