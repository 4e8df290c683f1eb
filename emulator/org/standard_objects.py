"""Account and Contact, which every emulated org has."""

from emulator.org.objects import Field, SObject

SYSTEM_FIELDS = (
    Field("Id", "id", 18, updateable=False),
    Field("CreatedDate", "datetime", updateable=False),
    Field("LastModifiedDate", "datetime", updateable=False),
    Field("SystemModstamp", "datetime", updateable=False),
    Field("IsDeleted", "boolean", updateable=False),
)

ACCOUNT = SObject(
    "Account",
    (
        *SYSTEM_FIELDS,
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
        *SYSTEM_FIELDS,
        # First name, a space and last name: 40 + 1 + 80.
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
