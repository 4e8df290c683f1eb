"""Staff in each role, and what they look at."""

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import DjangoDbBlocker

from portal import roles
from tenants.models import Tenant
from tests.portal.admin import rows

NAMES = {roles.VIEWER: "vera", roles.OPERATOR: "olga", roles.MANAGER: "mia"}
SignIn = Callable[[str], Client]


def signed_in(user: User) -> Client:
    """Return the browser of a person who gave the password a moment ago."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


@pytest.fixture(scope="session")
def _roles(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Make the roles once, outside every test's transaction."""
    with django_db_blocker.unblock():
        roles.ensure()


@pytest.fixture
def sign_in(_roles: None, db: None) -> SignIn:
    """Return a function that gives a client signed in as the member of staff with a role."""
    if not Group.objects.exists():  # a test with transactions of its own empties every table
        roles.ensure()

    def as_role(role: str) -> Client:
        user, _ = User.objects.get_or_create(username=NAMES[role], is_staff=True)
        user.groups.set([Group.objects.get(name=role)])
        return signed_in(user)

    return as_role


@pytest.fixture
def viewer(sign_in: SignIn) -> Client:
    return sign_in(roles.VIEWER)


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in(roles.OPERATOR)


@pytest.fixture
def manager(sign_in: SignIn) -> Client:
    return sign_in(roles.MANAGER)


@pytest.fixture
def superuser(db: None) -> Client:
    return signed_in(User.objects.create_superuser("root"))


@pytest.fixture
def five(db: None) -> dict[str, Tenant]:
    """The cast by first name: live, waiting, unproven, blocked, off-boarded."""
    return rows.five()
