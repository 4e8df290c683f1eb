"""The object types of an emulated org: two standard ones and those of the managed package."""

from collections.abc import Iterable
from dataclasses import replace

from emulator import ids
from emulator.org import Field, Org, SObject, User

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


def package_objects(namespace: str) -> tuple[SObject, ...]:
    """List the package's own objects, named with the namespace when there is one."""
    return (
        SObject(
            qualified(namespace, "Tweet__c"),
            (
                *_SYSTEM_FIELDS,
                Field("Name", "string", 80, updateable=False),
                Field(
                    qualified(namespace, "Account__c"),
                    "reference",
                    18,
                    required=True,
                    reference_to="Account",
                ),
                Field(qualified(namespace, "Author_Username__c"), "string", 255, required=True),
                Field(qualified(namespace, "Body__c"), "string", 255, required=True, unique=True),
                Field(qualified(namespace, "Likes__c"), "double"),
                Field(qualified(namespace, "Retweets__c"), "double"),
                Field(qualified(namespace, "Time__c"), "datetime"),
            ),
            key_prefix="a00",
            auto_number="T-{:05d}",
        ),
        SObject(
            qualified(namespace, "Connection__c"),
            (
                *_SYSTEM_FIELDS,
                Field("Name", "string", 80, updateable=False),
                Field(qualified(namespace, "Auth_URL__c"), "textarea", 32768),
            ),
            key_prefix="a01",
            auto_number="C-{:05d}",
        ),
    )


def qualified(namespace: str, name: str) -> str:
    """Put the package's namespace in front: `hcmc`, `Tweet__c` -> `hcmc__Tweet__c`."""
    return f"{namespace}__{name}" if namespace else name


def objects_of(namespace: str, package_installed: bool) -> tuple[SObject, ...]:
    """List every object type of an org with or without the package."""
    if not package_installed:
        return (ACCOUNT, CONTACT)
    handle = Field(qualified(namespace, "Twitter__c"), "string", 255)
    account = replace(ACCOUNT, fields=(*ACCOUNT.fields, handle))
    return (account, CONTACT, *package_objects(namespace))


def without_package(objects: Iterable[SObject], namespace: str) -> tuple[SObject, ...]:
    """Take the package's objects and fields away from a list of object types."""
    gone = {each.name for each in package_objects(namespace)}
    handle = qualified(namespace, "Twitter__c")
    return tuple(
        replace(each, fields=tuple(field for field in each.fields if field.name != handle))
        for each in objects
        if each.name not in gone
    )


def new_org(
    org_id: str,
    name: str,
    *,
    environment: str = "production",
    my_domain: str = "",
    namespace: str = "",
    package_installed: bool = True,
    admin_email: str = "admin@example.com",
) -> Org:
    """Make an org with its administrator, and a My Domain of its own when none is given."""
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
        users=[_administrator(org_id, admin_email)],
    )
    org.set_objects(objects_of(namespace, package_installed))
    return org


def _administrator(org_id: str, email: str) -> User:
    user_id = ids.eighteen("005" + org_id[3:15])
    return User(user_id, email, email, "Ada", "Admin")
