"""`setup_portal` makes what the database must hold, and may be run again at any time."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django_q.models import Schedule

from connect.models import MappingTemplate
from portal import roles
from portal.project import schedules

pytestmark = pytest.mark.django_db


def setup_portal() -> list[str]:
    """Run the command and return its lines."""
    out = StringIO()
    call_command("setup_portal", stdout=out)
    return out.getvalue().splitlines()


def test_it_makes_roles_schedules_and_the_shipped_templates() -> None:
    Group.objects.all().delete()  # those that the admin's tests share
    lines = setup_portal()
    assert set(Group.objects.values_list("name", flat=True)) == {"Viewer", "Operator", "Manager"}
    assert set(Schedule.objects.values_list("func", flat=True)) == set(schedules.SCHEDULES)
    versions = MappingTemplate.objects.order_by("version").values_list("version", "package")
    assert list(versions) == [(1, "current"), (2, "2016")]
    assert lines[-2:] == [
        "mapping template: version 1 for today's package stored",
        "mapping template: version 2 for the package of 2016 stored",
    ]


def test_a_second_run_changes_nothing() -> None:
    setup_portal()
    before = list(Schedule.objects.order_by("pk").values())
    lines = setup_portal()
    assert list(Schedule.objects.order_by("pk").values()) == before
    assert lines[-2:] == ["schedules: as they should be", "mapping template: kept"]


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
