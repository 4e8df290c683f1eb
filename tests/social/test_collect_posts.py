"""`manage.py collect_posts`: for Heroku Scheduler and for people."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from social.models import CollectionRun, Handle, Spend, Trigger
from tests import cast
from tests.social.live_tenants import XSide, go_live

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def run(*arguments: str, **streams: Any) -> str:
    """Run the command; return what it printed."""
    out = io.StringIO()
    call_command("collect_posts", *arguments, **{"stdout": out, "stderr": io.StringIO(), **streams})
    return out.getvalue()


def test_it_collects_and_prints_each_tenants_result(x_side: XSide) -> None:
    acme, cirrus = go_live(cast.ACME, "acme", "not a handle"), go_live(cast.CIRRUS, "cirrus")
    cirrus.connection.state = "PAUSED"
    cirrus.connection.save()
    x_side.post("acme", "Hello")
    output = run()
    assert f"{acme.connection.tenant}: 1 written, 0 updated, 1 handle refused" in output
    assert "Cirrus: skipped: it is paused" in output
    assert "2 tenants, 1 handle, 1 call, 1 post paid for, 1 written, 0 updated: done" in output
    assert CollectionRun.objects.get().trigger == Trigger.COMMAND


def test_one_tenant_is_named_by_org_id_or_name(x_side: XSide) -> None:
    acme, cirrus = go_live(cast.ACME, "acme"), go_live(cast.CIRRUS, "cirrus")
    x_side.post_many(("acme", "A"), ("cirrus", "C"))
    run("--tenant", "cirrus")
    assert (acme.bodies(), cirrus.bodies()) == ([], ["C"])
    run("--tenant", cast.ACME["org_id"][:15], "--tenant", "Cirrus")
    assert acme.bodies() == ["A"]


@pytest.mark.parametrize("given", ["nobody", "00D", ""])
def test_an_unknown_tenant_is_an_error(given: str) -> None:
    go_live(cast.ACME, "acme")
    with pytest.raises(CommandError, match="no tenant has"):
        run("--tenant", given)


def test_a_dry_run_asks_pays_and_writes_nothing(x_side: XSide) -> None:
    live = go_live(cast.ACME, *(f"handle_{number:08d}" for number in range(30)), "bad handle")
    x_side.post("handle_00000001", "Hello")
    output = run("--dry-run")
    assert "31 Accounts with a handle, 30 handles" in output
    assert "'bad handle': more than one word" in output
    assert "30 handles in 2 searches. Nothing was done." in output
    assert x_side.bill["calls"] == 0
    assert live.log() == []
    assert not any(each.objects.exists() for each in (CollectionRun, Handle, Spend))


def test_a_terminal_gets_a_bar(x_side: XSide) -> None:
    go_live(cast.ACME, *(f"handle_{number:08d}" for number in range(40)))
    terminal = Terminal()
    run(stderr=terminal)
    drawn = terminal.getvalue().split("\r")
    assert f"{'█' * 15}{'·' * 15} 1 of 2 searches, 0 posts" in drawn
    assert drawn[-1] == f"{'█' * 30} 2 of 2 searches, 0 posts\n"


def test_a_log_gets_none(x_side: XSide) -> None:
    go_live(cast.ACME, "acme")
    stream = io.StringIO()
    run(stderr=stream)
    assert stream.getvalue() == ""


def test_counts_can_be_updated_by_hand(x_side: XSide) -> None:
    go_live(cast.ACME, "acme")
    run("--recount")
    assert CollectionRun.objects.get().recount


def test_a_refusal_to_collect_is_an_error(settings: Settings) -> None:
    settings.X_BEARER_TOKEN = ""
    with pytest.raises(CommandError, match="X_BEARER_TOKEN is not set"):
        run()


def test_a_failed_run_is_an_error_after_its_results(x_side: XSide) -> None:
    go_live(cast.ACME, "acme")
    x_side.fault(status=401, body={"title": "Unauthorized"}, times=None)
    with pytest.raises(CommandError, match="X answered 401: Unauthorized"):
        run()
