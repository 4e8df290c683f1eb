"""The write errors' pages: from the fleet's causes to the rows, and what may be done to them."""

import pytest
from django.test import Client
from django_q.models import OrmQ

from connect.models import WriteError
from connect.write_errors import scan, trigger_log
from portal import roles
from tests.connect.write_errors.schemas import live, write
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
LIST = "/admin/connect/writeerror/"


@pytest.fixture
def error() -> WriteError:
    """Three failed writes of one cause, and one of another tenant's."""
    for number, times in ((1, 3), (2, 1)):
        write(live(number), 'BAD_VALUE: "<b>$</b>" is bad', times=times)
    scan.scan_all()
    found: WriteError = WriteError.objects.order_by("-failed")[0]
    return found


def rows(error: WriteError) -> list[trigger_log.FailedWrite]:
    return trigger_log.rows(error.connection.schema_name, error.table_name, error.cause)


def queued() -> list[dict[str, object]]:
    return [{"args": row.task["args"], **row.task["kwargs"]} for row in OrmQ.objects.all()]


def test_the_fleets_causes_stand_above_the_list_and_lead_into_it(
    viewer: Client, error: WriteError
) -> None:
    page = viewer.get(LIST).content.decode()
    assert "By cause, over all tenants" in page
    assert '<td class="number">4</td>' in page
    narrowed = viewer.get(LIST, {"cause__exact": error.cause})
    assert narrowed.status_code == 200
    assert narrowed.context["cl"].result_count == 2


def test_a_causes_page_shows_its_rows_and_interprets_nothing_in_them(
    viewer: Client, error: WriteError
) -> None:
    page = viewer.get(f"{LIST}{error.pk}/change/").content.decode()
    assert "&lt;b&gt;3&lt;/b&gt;" in page
    assert "<b>3</b>" not in page
    assert "Retry" not in page


@pytest.mark.parametrize("role", roles.permissions())
@pytest.mark.parametrize("action", ["retry", "ignore"])
def test_only_those_whose_role_repairs_may_repair(
    sign_in: SignIn, role: str, action: str, error: WriteError
) -> None:
    may = "connect.repair_writes" in roles.permissions()[role]
    client = sign_in(role)
    url = f"{LIST}{error.pk}/do/{action}/"
    looked = {"retry": 405, "ignore": 200}[action] if may else 403
    assert client.get(url).status_code == looked
    answer = client.post(url, {"confirmed": "yes"})
    assert answer.status_code == (302 if may else 403)
    assert OrmQ.objects.count() == int(may)


def test_ticked_rows_alone_are_sent_again_in_the_persons_name(
    operator: Client, error: WriteError
) -> None:
    row = rows(error)[0]
    operator.post(f"{LIST}{error.pk}/do/retry/", {"row": [f"{row.log}:{row.id}", "public:1"]})
    (task,) = queued()
    assert task["args"] == (error.connection_id, "retry", "account", error.cause)
    assert (task["actor"], task["chosen"]) == ("olga", [(row.log, row.id)])


def test_ignoring_asks_first(operator: Client, error: WriteError) -> None:
    url = f"{LIST}{error.pk}/do/ignore/"
    asked = operator.post(url)
    assert asked.status_code == 200
    assert "will never reach Salesforce" in asked.content.decode()
    assert not queued()


def test_many_causes_are_retried_or_ignored_at_once(operator: Client, error: WriteError) -> None:
    chosen = list(WriteError.objects.values_list("pk", flat=True))
    operator.post(LIST, {"action": "retry", "_selected_action": chosen, "index": "0"})
    assert len(queued()) == 2
    ignore = {"action": "ignore", "_selected_action": chosen}
    assert operator.post(LIST, {**ignore, "index": "0"}).status_code == 200
    assert len(queued()) == 2
    operator.post(LIST, {**ignore, "confirmed": "yes"})
    assert len(queued()) == 4


def test_an_unknown_action_or_cause_is_a_404(operator: Client, error: WriteError) -> None:
    assert operator.post(f"{LIST}{error.pk}/do/drop/").status_code == 404
    assert operator.post(f"{LIST}999999/do/retry/").status_code == 404
