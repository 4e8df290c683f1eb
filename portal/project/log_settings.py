"""The settings of the log: which lines are written, in which form (docs/operating.md, "Logs")."""

import logging

from portal.project.environment import env

LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO")
_LEVEL = LOG_LEVEL if LOG_LEVEL in logging.getLevelNamesMapping() else "INFO"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "portal.project.request_ids.RequestIdFilter"},
        "refused": {"()": "portal.project.logfmt.RefusedFilter"},
        "work": {"()": "portal.project.logfmt.WorkFilter"},
        "redact": {"()": "tenants.redaction.RedactionFilter"},
    },
    "formatters": {
        "logfmt": {"()": "portal.project.logfmt.LogfmtFormatter"},
    },
    "handlers": {
        # Standard output is for what a command says, so that a program can read it.
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "formatter": "logfmt",
            "filters": ["request_id", "work", "refused", "redact"],
        }
    },
    "root": {"handlers": ["stderr"], "level": _LEVEL},
    "loggers": {
        "django_q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},
        # Its finer lines hold addresses, and those of webhooks are secret.
        "urllib3": {"level": "INFO"},
        # Guesses of staff, which portal/door/watch.py logs with the name.
        "django.security.DisallowedModelAdminLookup": {"level": "CRITICAL"},
        "django.security.DisallowedModelAdminToField": {"level": "CRITICAL"},
    },
}
