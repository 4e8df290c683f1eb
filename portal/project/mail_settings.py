"""The settings of e-mail: which backend sends it, and the keys of its provider."""

from typing import Any

from portal.project.environment import env

EMAIL_BACKEND: str = env.str("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_FILE_PATH: str | None = env.str("EMAIL_FILE_PATH", "") or None
# Django's default waits for a mail server without end.
EMAIL_TIMEOUT = 15  # seconds
_providers = {
    "POSTMARK_SERVER_TOKEN": env.str("POSTMARK_SERVER_TOKEN", ""),
    "MAILGUN_API_KEY": env.str("MAILGUN_API_KEY", ""),
    # Heroku's Mailgun add-on calls it MAILGUN_DOMAIN.
    "MAILGUN_SENDER_DOMAIN": env.str("MAILGUN_SENDER_DOMAIN", env.str("MAILGUN_DOMAIN", "")),
    "MAILGUN_API_URL": env.str("MAILGUN_API_URL", ""),
    "MAILGUN_WEBHOOK_SIGNING_KEY": env.str("MAILGUN_WEBHOOK_SIGNING_KEY", ""),
    "BREVO_API_KEY": env.str("BREVO_API_KEY", ""),
    "RESEND_API_KEY": env.str("RESEND_API_KEY", ""),
    "SENDGRID_API_KEY": env.str("SENDGRID_API_KEY", ""),
    "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": env.str(
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY", ""
    ),
    "WEBHOOK_SECRET": env.str("WEBHOOK_SECRET", ""),
}
ANYMAIL: dict[str, Any] = {name: value for name, value in _providers.items() if value}
ANYMAIL["REQUESTS_TIMEOUT"] = 15  # seconds
