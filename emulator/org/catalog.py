"""The object types of an emulated org: two standard ones and those of the package in it."""

from collections.abc import Iterable
from dataclasses import replace

from emulator.org import ids
from emulator.org.org import Field, Org, SObject, User
from emulator.org.package import PACKAGES, Package

_SYSTEM_FIELDS = (
    Field("Id", "id", 18, updateable=False),
    Field("CreatedDate", "datetime", updateable=False),
    Field("LastModifiedDate", "datetime", updateable=False),
    Field("SystemModstamp", "datetime", updateable=False),
    Field("IsDeleted", "boolean", updateable=False),
)

ACCOUNT = SObject(
    "Account",
    (
        *_SYSTEM_FIELDS,
        Field("Name", "string", 255, required=True),
        Field("Type", "picklist"),
        Field("Industry", "picklist"),
        Field("Phone", "phone", 40),
        Field("Website", "url"),
        Field("BillingCity", "string", 40),
        Field("BillingCountry", "string", 80),
        Field("AnnualRevenue", "currency"),
        Field("NumberOfEmployees", "int"),
        Field("Description", "textarea", 32000),
    ),
    key_prefix="001",
)

CONTACT = SObject(
    "Contact",
    (
        *_SYSTEM_FIELDS,
        Field("Name", "string", 121, updateable=False),
        Field("FirstName", "string", 40),
        Field("LastName", "string", 80, required=True),
        Field("AccountId", "reference", 18, reference_to="Account"),
        Field("Email", "email", 80),
        Field("Phone", "phone", 40),
        Field("Title", "string", 128),
        Field("HasOptedOutOfEmail", "boolean"),
        Field("Birthdate", "date"),
    ),
    key_prefix="003",
)


def package_objects(package: Package, namespace: str) -> tuple[SObject, ...]:
    """List the package's own objects, named with the namespace when there is one."""
    return tuple(
        replace(
            each,
            name=qualified(namespace, each.name),
            fields=(*_SYSTEM_FIELDS, *(_qualified_field(namespace, one) for one in each.fields)),
        )
        for each in package.objects
    )


def _qualified_field(namespace: str, field: Field) -> Field:
    target = qualified(namespace, field.reference_to) if field.reference_to else None
    return replace(field, name=qualified(namespace, field.name), reference_to=target)


def qualified(namespace: str, name: str) -> str:
    """Put the package's namespace before a custom name: `hcmc`, `Tweet__c` -> `hcmc__Tweet__c`."""
    return f"{namespace}__{name}" if namespace and name.endswith("__c") else name


def objects_of(namespace: str, package: Package | None) -> tuple[SObject, ...]:
    """List every object type of an org with a package or without."""
    if package is None:
        return (ACCOUNT, CONTACT)
    standard = (_extended(each, namespace, package) for each in (ACCOUNT, CONTACT))
    return (*standard, *package_objects(package, namespace))


def _extended(sobject: SObject, namespace: str, package: Package) -> SObject:
    added = package.added_fields.get(sobject.name, ())
    return replace(
        sobject, fields=(*sobject.fields, *(_qualified_field(namespace, each) for each in added))
    )


def without_package(
    objects: Iterable[SObject], namespace: str, package: Package
) -> tuple[SObject, ...]:
    """Take the package's objects and fields away from a list of object types."""
    gone = {each.name for each in package_objects(package, namespace)}
    return tuple(_reduced(each, namespace, package) for each in objects if each.name not in gone)


def _reduced(sobject: SObject, namespace: str, package: Package) -> SObject:
    added = package.added_fields.get(sobject.name, ())
    gone = {qualified(namespace, each.name) for each in added}
    return replace(sobject, fields=tuple(each for each in sobject.fields if each.name not in gone))


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
    """Make an org with its administrator, and a My Domain of its own when none is given.

    `package` is a name of emulator.package.PACKAGES.
    """
    label = "".join(char for char in name.lower() if char.isascii() and char.isalnum()) or "org"
    if not my_domain:
        label = f"{label[:24]}-{org_id[11:15].lower()}"
        middle = "--dev.sandbox" if environment == "sandbox" else ""
        my_domain = f"{label}{middle}.my.salesforce.com"
    org = Org(
        id=org_id,
        name=name,
        environment=environment,
        my_domain=my_domain,
        namespace=namespace,
        package_installed=package_installed,
        package=package,
        users=[_administrator(org_id, admin_email)],
    )
    org.set_objects(objects_of(namespace, PACKAGES[package]() if package_installed else None))
    return org


def _administrator(org_id: str, email: str) -> User:
    user_id = ids.eighteen("005" + org_id[3:15])
    return User(user_id, email, email, "Ada", "Admin")
