"""`setup_portal` makes what the database must hold, and may be run again at any time."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django_q.models import Schedule
from pytest_django.fixtures import Settings

from connect.models import HostApp, MappingTemplate
from portal import roles
from portal.project import schedules

pytestmark = pytest.mark.django_db


def setup_portal() -> list[str]:
    """Run the command and return its lines."""
    out = StringIO()
    call_command("setup_portal", stdout=out)
    lines = out.getvalue().splitlines()
    # Use cases add lines at the end.
    return [line for line in lines if not line.startswith("role multiconnect_")]


def test_it_makes_roles_schedules_and_the_shipped_templates() -> None:
    Group.objects.all().delete()  # those that the admin's tests share
    lines = setup_portal()
    assert set(Group.objects.values_list("name", flat=True)) == {"Viewer", "Operator", "Manager"}
    assert set(Schedule.objects.values_list("func", flat=True)) == set(schedules.SCHEDULES)
    versions = MappingTemplate.objects.order_by("version").values_list("version", "package")
    assert list(versions) == [(1, "current"), (2, "2016")]
    assert lines[-3:] == [
        "mapping template: version 1 for today's package stored",
        "mapping template: version 2 for the package of 2016 stored",
        "host apps: kept",
    ]


def test_a_second_run_changes_nothing() -> None:
    setup_portal()
    before = list(Schedule.objects.order_by("pk").values())
    lines = setup_portal()
    assert list(Schedule.objects.order_by("pk").values()) == before
    kept = ["schedules: as they should be", "mapping template: kept", "host apps: kept"]
    assert lines[-3:] == kept


def test_the_first_host_app_is_made_from_the_settings(settings: Settings) -> None:
    HostApp.objects.all().delete()
    settings.HEROKU_CONNECT_APP = "isv-connect-1"
    assert setup_portal()[-1] == "host app: isv-connect-1 made"
    assert HostApp.objects.get().name == "isv-connect-1"


def test_it_warns_of_a_stored_host_app_that_runs_the_portal(settings: Settings) -> None:
    HostApp.objects.update(name=settings.HEROKU_APP_NAME)
    assert "runs the portal, so each new add-on restarts it" in setup_portal()[-1]
    HostApp.objects.update(accepts=False)
    assert setup_portal()[-1] == "host apps: kept"


def test_it_prints_nothing_with_verbosity_0(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup_portal", verbosity=0)
    assert capsys.readouterr().out == ""


def test_a_role_that_was_changed_by_hand_gets_its_permissions_back() -> None:
    setup_portal()
    viewer = Group.objects.get(name=roles.VIEWER)
    viewer.permissions.set(Permission.objects.filter(codename="offboard_connection"))
    setup_portal()
    assert not viewer.permissions.filter(codename="offboard_connection").exists()
    assert viewer.permissions.filter(codename="view_tenant").exists()


def test_missing_permissions_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "_OPERATOR", ("tenants.levitate_tenant",))
    with pytest.raises(CommandError, match=r"tenants\.levitate_tenant\. Run .* migrate"):
        setup_portal()
