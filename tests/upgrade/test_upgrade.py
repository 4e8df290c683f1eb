"""An upgrade keeps every tenant, in every stage, and no task disappears without a trace."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django_q.models import Failure, OrmQ

from connect.models import Connection, Health, Incident, Rollout, Stage
from connect.provisioning.stages import UNDOABLE
from portal.models import BulkItem, BulkItemStatus, BulkRun
from portal.project import renamed_tasks
from tenants import encryption
from tenants.models import SalesforceGrant
from tests.portal.admin import walk
from tests.upgrade.conftest import url

pytestmark = pytest.mark.usefixtures("rows_before")
PATIENCE = 60.0  # seconds
# Each release completes these.
SET_UP = ("django_", "auth_", "connect_mappingtemplate", "connect_defaulttemplate")
# Presses of staff were tasks, before each was a row. The functions are gone.
PRESSES = {"connect.tasks.operate", "tenants.tasks.approve", "tenants.tasks.resend"}


def test_no_row_is_lost(rows_before: dict[str, int], rows_after: dict[str, int]) -> None:
    kept = {table: n for table, n in rows_before.items() if not table.startswith(SET_UP)}
    assert {table: rows_after[table] for table in kept} == kept
    assert rows_before["tenants_tenant"] > len(Stage)


def test_every_stage_is_there_and_nothing_is_left_to_migrate() -> None:
    # That version had no grace before an off-boarding.
    assert set(Connection.objects.values_list("stage", flat=True)) == {*Stage} - {*UNDOABLE}
    call_command("migrate", check_unapplied=True, verbosity=0)  # exits when one is missing


def test_what_has_new_columns_is_described_truly() -> None:
    blocked = Connection.objects.get(tenant__name="Blocked")
    assert (blocked.blocked_kind, blocked.trouble_since) == ("other", blocked.blocked_at)
    assert Incident.objects.get(kind="too_many_rows").needs_person_since
    ended = Rollout.objects.exclude(finished_at=None).exclude(status="cancelled").get()
    assert ended.status == "ended"  # one of its tenants had failed, and it was called done
    assert Rollout.objects.get(status="paused").paused_by == "mia"
    assert BulkRun.objects.filter(model="tenants.tenant").count() == 2
    assert not encryption.unreadable()
    for grant in SalesforceGrant.objects.filter(status="active"):
        assert grant.refresh_token


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.every)])
def test_every_page_of_every_row_opens(every: bool) -> None:
    client = Client()
    client.force_login(User.objects.get(username="mia"))
    # Sync health shows live connections alone.
    hidden = Health.objects.exclude(connection__stage=Stage.LIVE).values_list("pk", flat=True)
    without_page = {f"/admin/connect/health/{pk}/change/" for pk in hidden}
    rows = walk.rows() if every else walk.rows_of_each_kind()
    for address in [*walk.lists(), *rows]:
        if address not in without_page:
            assert client.get(address).status_code == 200, address


@pytest.fixture
def worker() -> Iterator[None]:
    """`manage.py worker` on the upgraded database, while Heroku does not answer."""
    address = url(str(connection.settings_dict["NAME"]))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address, "HEROKU_API_URL": "http://127.0.0.1:1"},
        start_new_session=True,
    )
    yield
    process.terminate()
    process.wait()


def test_the_queue_of_the_old_version_knows_no_renamed_function_any_more() -> None:
    waiting = {row.task["func"] for row in OrmQ.objects.all()}
    assert waiting >= PRESSES
    assert waiting.isdisjoint(renamed_tasks.RENAMED)


def test_a_worker_does_what_waits_and_staff_see_the_tasks_that_it_cannot_do(worker: None) -> None:
    in_the_queue = BulkItem.objects.get(tenant__name="Blocked")
    stop_at = time.monotonic() + PATIENCE
    unfinished = {BulkItemStatus.WAITING, BulkItemStatus.RUNNING}
    while _unknown() != PRESSES or in_the_queue.status in unfinished:
        assert time.monotonic() < stop_at, _unknown()
        time.sleep(0.2)
        in_the_queue.refresh_from_db()
    # It is started; where Heroku has failed by now, it says so.
    is_over = in_the_queue.status == BulkItemStatus.FAILED
    assert is_over or in_the_queue.status == BulkItemStatus.STARTED
    assert ("The portal tries again by itself." in in_the_queue.text) == is_over
    assert not Failure.objects.exclude(func__in=PRESSES).exists()


def _unknown() -> set[str]:
    return {each.func for each in Failure.objects.all() if "is not defined" in str(each.result)}
