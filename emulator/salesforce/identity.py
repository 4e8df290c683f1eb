"""The document of Salesforce's identity service; Heroku Connect shows it as `user_info`."""

from typing import Any

from emulator.org.org import Org, User
from emulator.state.world import World
from emulator.times import iso

_URLS = {
    "enterprise": "/services/Soap/c/{version}/",
    "metadata": "/services/Soap/m/{version}/",
    "partner": "/services/Soap/u/{version}/",
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "search": "/services/data/v{version}/search/",
    "query": "/services/data/v{version}/query/",
    "recent": "/services/data/v{version}/recent/",
    "tooling_soap": "/services/Soap/T/{version}/",
    "tooling_rest": "/services/data/v{version}/tooling/",
    "profile": "/",
    "feeds": "/services/data/v{version}/chatter/feeds",
    "groups": "/services/data/v{version}/chatter/groups",
    "users": "/services/data/v{version}/chatter/users",
    "feed_items": "/services/data/v{version}/chatter/feed-items",
    "feed_elements": "/services/data/v{version}/chatter/feed-elements",
}


def instance_url(base: str, org: Org) -> str:
    """The address of an org's own API in this emulator."""
    return f"{base}/salesforce/{org.my_domain}"


def identity_url(base: str, host: str, org: Org, user: User) -> str:
    """The URL that names a user of an org, as seen from the host of the log-in."""
    return f"{base}/salesforce/{host}/id/{org.id}/{user.id}"


def document(world: World, base: str, host: str, org: Org, user: User) -> dict[str, Any]:
    """Show a user as the identity service does; {version} stays a placeholder in the URLs."""
    instance = instance_url(base, org)
    urls = {name: f"{instance}{path}" for name, path in _URLS.items()}
    photo = f"{instance}/profilephoto/005/"
    return {
        "id": identity_url(base, host, org, user),
        "asserted_user": True,
        "user_id": user.id,
        "organization_id": org.id,
        "username": user.username,
        "nick_name": user.username.partition("@")[0],
        "display_name": f"{user.first_name} {user.last_name}",
        "email": user.email,
        "email_verified": True,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "timezone": "Europe/Berlin",
        "photos": {"picture": f"{photo}F", "thumbnail": f"{photo}T"},
        "addr_street": None,
        "addr_city": None,
        "addr_state": None,
        "addr_country": None,
        "addr_zip": None,
        "mobile_phone": None,
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "urls": {**urls, "custom_domain": instance},
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 3_600_000,
        "last_modified_date": iso(world.clock.now()),
    }


def user_info(world: World, base: str, host: str, org: Org, user: User) -> dict[str, Any]:
    """The same document with the profile's permissions, which Heroku Connect adds as text."""
    allowed = "true" if user.view_all_data else "false"
    permissions = {
        "type": "Profile",
        "Id": "00e" + org.id[3:],
        "PermissionsModifyAllData": allowed,
        "PermissionsViewAllData": allowed,
        "PermissionsViewAllUsers": allowed,
    }
    return {**document(world, base, host, org, user), "profile_perms": permissions}
