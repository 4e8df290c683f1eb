"""Which hosts may be called when a peer names them."""

import pytest
from pytest_django.fixtures import Settings

from tenants import hosts


@pytest.mark.parametrize(
    "url",
    [
        "https://login.salesforce.com/id/00D/005",
        "https://acme.my.salesforce.com",
        "https://acme--uat.sandbox.my.salesforce.com/",
        "https://na1.salesforce.com:443/x",
    ],
)
def test_salesforces_own_hosts_may_be_called(url: str) -> None:
    assert hosts.salesforce(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "login.salesforce.com",
        "http://login.salesforce.com",
        "https://salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://evil.example/.salesforce.com",
        "https://evil.example#.salesforce.com",
        "https://user@login.salesforce.com",
        "https://login.salesforce.com@evil.example",
        "https://evil.example\\.salesforce.com",
        "https://login.salesforce.com:8443",
        "https://[::1",
        "https://login.salesforce.com:port",
        "file:///etc/passwd",
    ],
)
def test_any_other_host_is_refused(url: str) -> None:
    with pytest.raises(hosts.HostNotAllowed):
        hosts.salesforce(url)


def test_base_urls_of_the_settings_are_trusted_as_they_are(settings: Settings) -> None:
    settings.SALESFORCE_LOGIN_URL = "http://127.0.0.1:8800/salesforce/login.salesforce.com"
    settings.HEROKU_CONNECT_URL = "http://127.0.0.1:8800/central"
    assert hosts.salesforce("http://127.0.0.1:8800/salesforce/acme")
    assert hosts.heroku_connect("http://127.0.0.1:8800/region/")
    with pytest.raises(hosts.HostNotAllowed):
        hosts.salesforce("http://127.0.0.1:8801/salesforce")


def test_heroku_connects_regions_may_be_called() -> None:
    assert hosts.heroku_connect("https://connect-eu.heroku.com") == "https://connect-eu.heroku.com"
    with pytest.raises(hosts.HostNotAllowed):
        hosts.heroku_connect("https://connect-eu.herokuapp.com")
