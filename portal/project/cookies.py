"""Django's storage of messages, with a cookie that is for this host alone."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class _Cookie(CookieStorage):
    @property
    def cookie_name(self) -> str:  # type: ignore[override]  # an attribute of Django's class
        return f"{settings.COOKIE_PREFIX}messages"


class Messages(FallbackStorage):
    """A cookie, and the session for what does not fit into it."""

    storage_classes = (_Cookie, SessionStorage)
