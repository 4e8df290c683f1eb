"""Makes an emulated org with its administrator."""

from emulator.org import ids
from emulator.org.installed import objects_of
from emulator.org.org import Org, User
from emulator.org.packages import PACKAGES

MAX_LABEL = 24  # characters of the org's name in its My Domain


def new_org(
    org_id: str,
    name: str,
    *,
    environment: str = "production",
    my_domain: str = "",
    namespace: str = "",
    package_installed: bool = True,
    package: str = "current",
    admin_email: str = "admin@example.com",
) -> Org:
    """Make an org; without `my_domain` it gets one of its own. `package` is a name of PACKAGES."""
    org = Org(
        id=org_id,
        name=name,
        environment=environment,
        my_domain=my_domain or _my_domain(org_id, name, environment),
        namespace=namespace,
        package_installed=package_installed,
        package=package,
        users=[_administrator(org_id, admin_email)],
    )
    org.set_objects(objects_of(namespace, PACKAGES[package]() if package_installed else None))
    return org


def _my_domain(org_id: str, name: str, environment: str) -> str:
    label = "".join(char for char in name.lower() if char.isascii() and char.isalnum()) or "org"
    middle = "--dev.sandbox" if environment == "sandbox" else ""
    # A part of the id keeps two orgs of the same name apart.
    return f"{label[:MAX_LABEL]}-{org_id[11:15].lower()}{middle}.my.salesforce.com"


def _administrator(org_id: str, email: str) -> User:
    user_id = ids.eighteen("005" + org_id[3:15])
    return User(user_id, email, email, "Ada", "Admin")
