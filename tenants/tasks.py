"""Tasks of this app. Arguments are ids and numbers, never a secret."""

import time
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone
from social_core.backends.oauth import BaseOAuth2
from social_django.models import Nonce

from tenants import callout_signature, retention
from tenants.models import Callout, RateBucket, UsedSignature

# Anybody can send unsigned callouts, so these are kept up to a number too.
MAX_UNSIGNED = 10_000
BUCKETS_KEPT = timedelta(days=1)  # the slowest bucket is full again after a day


def prune_callouts() -> int:
    """Delete the oldest unsigned callouts over the limit; scheduled; return how many."""
    unsigned = Callout.objects.filter(signed=False).order_by("-pk")
    last = unsigned.values_list("pk", flat=True)[MAX_UNSIGNED : MAX_UNSIGNED + 1].first()
    return unsigned.filter(pk__lte=last).delete()[0] if last else 0


def prune() -> None:
    """Delete expired rows; runs daily."""
    now = timezone.now()
    retention.prune(now)
    # A timestamp may be one window in the future, so a signature can be replayed for two windows.
    UsedSignature.objects.filter(used_at__lt=now - 2 * callout_signature.MAX_AGE).delete()
    RateBucket.objects.filter(filled_at__lt=now - BUCKETS_KEPT).delete()
    Nonce.objects.filter(timestamp__lt=int(time.time()) - BaseOAuth2.STATE_LIFETIME).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
