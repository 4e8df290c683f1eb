"""Which passwords staff may have."""

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tests.portal.admin.conftest import signed_in

USER = User(username="mia.manager", email="mia.manager@isv.example", last_name="Manageridou")


@pytest.mark.parametrize(
    "password", ["mia.manager1", "Mia.Manager!!", "manageridou1", "short-one", "password1234"]
)
def test_a_short_a_common_and_a_password_like_the_users_name_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, USER)


@pytest.mark.parametrize(
    "password",
    [
        *("administrator", "iloveyou2023", "summerholiday", "qwerty-qwerty-"),
        *("zyx9zyx9zyx9", "777777777777777", "2023sunshine"),
    ],
)
def test_a_password_of_common_parts_is_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="common"):
        validate_password(password, USER)


@pytest.mark.parametrize(
    "password",
    ["multiconnect-2026!", "Multi Connect 4 ever", "my-Salesforce-login", "heroku.heroku.1"],
)
def test_the_words_of_the_product_are_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="must not contain"):
        validate_password(password, USER)


def test_a_long_password_of_words_is_taken() -> None:
    validate_password("correcthorsebatterystaple", USER)
    validate_password("correct horse battery staple", USER)
    validate_password(" ünïcode and spaces are kept, " * 4, USER)


@pytest.mark.django_db
def test_the_page_for_new_staff_refuses_it_too() -> None:
    client = signed_in(User.objects.create_superuser("root"))
    form = {"username": "olga.operator", "usable_password": "true"}
    both = {"password1": "olga.operator1", "password2": "olga.operator1"}
    answer = client.post("/admin/auth/user/add/", {**form, **both})
    assert answer.status_code == 200
    assert "too similar to the username" in answer.content.decode()
    assert not User.objects.filter(username="olga.operator").exists()
