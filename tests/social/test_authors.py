"""Whose posts they are: each handle's account is asked for once, and again when it has changed."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from social import authors, searching, usage
from social.models import CollectionRun, Handle, ReportedUsage, RunOutcome, Spend
from tests import cast
from tests.social.live_tenants import XSide, go_live
from tests.social.rounds import round_of

pytestmark = pytest.mark.django_db


def from_the_start() -> CollectionRun:
    """Do a round that searches again what was searched a moment ago."""
    Handle.objects.update(cursor=None)
    return round_of()


def test_an_account_is_asked_for_once_and_its_posts_have_its_own_spelling(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme")
    x_side.post("AcmeInc", "Not theirs")
    x_side.post("Acme", "Hello")
    round_of()
    x_side.post("Acme", "Again")
    from_the_start()
    assert [row[1] for row in live.posts()] == ["Acme", "Acme"]
    assert (Spend.objects.get().users, x_side.bill["users"]) == (1, 1)


def test_a_handle_without_an_account_is_refused_for_a_day(x_side: XSide) -> None:
    x_side.behave(x_unknown_users=["acme"])
    go_live(cast.ACME, "acme", "other")
    run = round_of()
    assert (run.outcome, run.searches) == (RunOutcome.DONE, 1)
    handle = Handle.objects.get(name="acme")
    assert handle.refusal == authors.UNKNOWN
    x_side.behave(x_unknown_users=[])
    round_of()
    assert Handle.objects.get(name="acme").user_id == ""
    Handle.objects.update(refused_at=timezone.now() - searching.REFUSED_FOR)
    round_of()
    handle.refresh_from_db()
    assert (handle.user_id != "", handle.refusal) == (True, "")


def test_a_name_that_belongs_to_another_account_by_now_is_asked_for_again(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme")
    round_of()
    Handle.objects.filter(name="acme").update(user_id="7")
    x_side.post("acme", "Hello")
    run = from_the_start()
    assert (len(live.posts()), run.posts_dropped) == (1, 0)


def test_a_look_up_that_fails_stops_the_run_before_anything_is_paid(x_side: XSide) -> None:
    go_live(cast.ACME, "acme")
    x_side.post("acme", "Hello")
    x_side.fault(path="/users/by", status=401, body={"title": "Unauthorized"})
    run = round_of()
    assert (run.outcome, run.posts_paid) == (RunOutcome.FAILED, 0)
    assert round_of().posts_paid == 1


def test_the_spend_cap_of_the_console_stops_the_run_with_xs_words(x_side: XSide) -> None:
    go_live(cast.ACME, "acme")
    x_side.behave(x_spend_cap=1)
    x_side.post("acme", "Hello")
    run = round_of()
    assert "X answered 403: Your account has reached its spend cap" in run.note


def test_xs_own_count_is_asked_for_once_an_hour_and_shown(x_side: XSide, manager: Client) -> None:
    go_live(cast.ACME, "acme")
    x_side.post("acme", "Hello")
    round_of()
    page: Any = manager.get("/admin/").content.decode()
    assert "X itself counts <strong>1</strong> of 3000000 posts" in page
    x_side.post("acme", "Again")
    from_the_start()
    assert ReportedUsage.objects.get().posts == 1
    ReportedUsage.objects.update(asked_at=timezone.now() - usage.ASK_AGAIN_AFTER)
    round_of()
    assert ReportedUsage.objects.get().posts == 2


def test_where_x_offers_no_count_none_is_shown_and_no_run_fails(
    x_side: XSide, manager: Client
) -> None:
    go_live(cast.ACME, "acme")
    x_side.behave(x_usage=False)
    assert round_of().outcome == RunOutcome.DONE
    assert usage.latest() is None
    assert "X itself counts" not in manager.get("/admin/").content.decode()
    ReportedUsage.objects.all().delete()
    x_side.fault(path="/usage/", status=401, body={"title": "Unauthorized"})
    assert round_of().outcome == RunOutcome.DONE
    assert not ReportedUsage.objects.exists()
