"""Where the address / leads to."""

from django.test import Client
from pytest_django.fixtures import Settings


def test_the_bare_address_leads_staff_to_the_desk(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_or_to_the_address_of_the_isv(client: Client, settings: Settings) -> None:
    settings.HOME_URL = "https://isv.example/"
    assert client.get("/")["Location"] == "https://isv.example/"


def test_it_takes_nothing(client: Client) -> None:
    assert client.post("/").status_code == 405
