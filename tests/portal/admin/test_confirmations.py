"""What cannot be undone, or needs an answer, is asked about before anything happens.

Each test clicks what the page offers, as a browser would, and not an address of its own.
"""

import pytest
from django.test import Client
from django_q.models import OrmQ

from connect.models import Mapping, Rollout, RolloutStatus
from tenants.models import Tenant
from tests.portal.admin import clicks, strangers, walk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("label", ["Reload", "Edit fields", "Delete"])
def test_a_button_of_a_mapping_asks_first(
    manager: Client, five: dict[str, Tenant], label: str
) -> None:
    page = walk.page(Mapping, "change", Mapping.objects.get().pk)
    answer = clicks.offered(manager, page, label).click(manager)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert 'class="confirm"' in html
    assert "errorlist" not in html
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize(
    ("label", "status"),
    [
        ("Start", RolloutStatus.READY),
        ("Cancel roll-out", RolloutStatus.RUNNING),
        ("Roll back", RolloutStatus.DONE),
    ],
)
def test_a_button_of_a_roll_out_asks_first(
    manager: Client, label: str, status: RolloutStatus
) -> None:
    strangers.make(1)
    Rollout.objects.update(status=status)
    page = walk.page(Rollout, "change", Rollout.objects.get().pk)
    answer = clicks.offered(manager, page, label).click(manager)
    assert answer.status_code == 200
    assert 'class="confirm"' in answer.content.decode()
    assert Rollout.objects.get().status == status
