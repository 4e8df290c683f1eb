"""How columns, fields and pages are named."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.test import Client

from connect.models import Rollout
from tenants.models import Tenant
from tests.portal.admin import walk

OURS = set(settings.FLOORS)
MODELS = [each for each in apps.get_models() if each._meta.app_label in OURS]
# As Django makes them of a field's name.
WRONG = {"url", "api", "addon", "addons", "csv", "utc", "salesforce", "heroku", "postgres"}
WRONG |= {"rollout", "rollouts", "offboarded", "offboarding"}


@pytest.mark.parametrize("model", MODELS, ids=[each._meta.label for each in MODELS])
def test_a_label_spells_its_words_as_people_do(model: type[Model]) -> None:
    labels = [str(getattr(each, "verbose_name", "")) for each in model._meta.get_fields()]
    assert not [label for label in labels if WRONG & set(label.split())]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "view", "trail"),
    [
        (Tenant, "changelist", "Home › Tenants"),
        (Rollout, "add", "Home › Roll-outs › Add roll-out"),
    ],
)
def test_the_way_to_a_page_names_each_place_once(
    manager: Client, model: type[Model], view: str, trail: str
) -> None:
    html = manager.get(walk.page(model, view)).content.decode()
    crumbs = html.partition('<div class="breadcrumbs">')[2].partition("</div>")[0]
    text = re.sub(r"<[^>]+>", "", crumbs).replace("&rsaquo;", "›")
    assert " ".join(text.split()) == trail
