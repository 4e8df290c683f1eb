"""Failed writes: pressed on the page, sent by Heroku Connect, and what the page then says."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from connect.models import WriteError
from tests import queue
from tests.connect.conftest import journey
from tests.connect.write_errors.test_repair import (
    Writes,
    as_connect,
    names_by_sfid,
    refuse_an_update,
    writes,
)

__all__ = ["journey", "writes"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    return client


def page(staff: Client, error: WriteError, view: str) -> str:
    url = reverse(f"admin:connect_writeerror_{view}", args=[error.pk])
    return staff.get(url, follow=True).content.decode()


def press_retry(staff: Client, error: WriteError) -> str:
    """Press *Retry* and confirm it; return what the confirmation says."""
    url = reverse("admin:connect_writeerror_act", args=[error.pk, "retry"])
    asked = staff.post(url).content.decode()
    staff.post(url, {"confirmed": "yes"})
    queue.drain()
    return asked


def test_a_retry_after_a_reload_reaches_its_own_record_or_none(
    writes: Writes, staff: Client
) -> None:
    row_id, sfid = refuse_an_update(writes, "bad name")
    before = names_by_sfid(writes)
    as_connect(writes, "UPDATE {s}.account SET id = id + 1000")
    as_connect(writes, "UPDATE {s}.account SET id = %s WHERE name = 'Northwind'", row_id)
    writes.remove_the_cause()
    error = WriteError.objects.get()
    assert "1 write can be sent again" in press_retry(staff, error)
    assert "1 in progress" in page(staff, error, "live")
    writes.sync()
    assert names_by_sfid(writes) == {**before, sfid: "bad name"}
    assert "Its writes: 1 arrived" in page(staff, error, "live")


def test_a_retry_of_what_a_poll_has_overwritten_is_not_called_arrived(
    writes: Writes, staff: Client
) -> None:
    _, sfid = refuse_an_update(writes, "bad name")
    as_connect(writes, "UPDATE {s}.account SET name = 'polled' WHERE sfid = %s", sfid)
    writes.remove_the_cause()
    error = WriteError.objects.get()
    asked = press_retry(staff, error)
    assert "no longer holds what failed: name &#x27;bad name&#x27;, now &#x27;polled&#x27;" in asked
    writes.sync()
    said = page(staff, error, "live")
    assert "1 sent with other values" in said
    assert "1 arrived" not in said


def test_a_retry_whose_cause_is_still_there_leads_to_the_writes_that_failed_again(
    writes: Writes, staff: Client
) -> None:
    error = WriteError.objects.get()
    press_retry(staff, error)
    writes.sync()
    again = WriteError.objects.get()
    said = page(staff, error, "live")
    assert again.failed == 3
    assert "3 failed again" in said
    assert (
        again.pk == error.pk or reverse("admin:connect_writeerror_change", args=[again.pk]) in said
    )
