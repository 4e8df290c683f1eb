"""What the queue runs; see test_messages.py for the e-mails."""

import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from social_django.models import Nonce

from tenants import tasks
from tenants.models import Callout, RateBucket, UsedSignature

pytestmark = pytest.mark.django_db


def test_pruning_removes_what_has_served_its_time_and_nothing_else() -> None:
    now = timezone.now()
    for age in (timedelta(days=89), timedelta(days=91)):
        Callout.objects.create(body=b"{}", received_at=now - age)
    for age in (timedelta(seconds=590), timedelta(seconds=610)):
        UsedSignature.objects.create(digest=str(age), used_at=now - age)
    for age in (timedelta(hours=23), timedelta(hours=25)):
        RateBucket.objects.create(key=str(age), tokens=1, filled_at=now - age)
        Session.objects.create(session_key=str(age), expire_date=now + timedelta(hours=24) - age)
    for seconds in (1700, 1900):
        Nonce.objects.create(server_url="x", salt="x", timestamp=int(time.time()) - seconds)
    tasks.prune()
    for kept in (Callout, UsedSignature, RateBucket, Session, Nonce):
        assert kept.objects.count() == 1, kept
    assert Callout.objects.get().received_at > now - timedelta(days=90)
