"""The objects of the org that the corpus is meant for, as the emulator's /control takes them."""

from typing import Any

Fields = list[dict[str, Any]]


def field(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def system(*without: str) -> Fields:
    """Return the system fields that most objects have."""
    kinds = {
        "Id": "id",
        "CreatedDate": "datetime",
        "LastModifiedDate": "datetime",
        "SystemModstamp": "datetime",
        "IsDeleted": "boolean",
    }
    return [
        field(name, kind, updateable=False) for name, kind in kinds.items() if name not in without
    ]


def key(name: str) -> dict[str, Any]:
    return field(name, unique=True, external_id=True)


def lookup(name: str, *parents: str) -> dict[str, Any]:
    first, *others = parents
    return field(name, "reference", length=18, reference_to=first, also_to=others)


NAME = field("Name")
OBJECTS: dict[str, Fields] = {
    "Account": [
        *system(),
        NAME,
        field("Sic"),
        field("Fax", "phone"),
        field("BillingLatitude", "double"),
        key("Key__c"),
        key("acme__Key__c"),
    ],
    "Contact": [
        *system(),
        NAME,
        field("LastName", required=True),
        field("Email", "email"),
        lookup("AccountId", "Account"),
        field("MailingAddress", "address", updateable=False),
        field("MailingCity", compound="MailingAddress"),
        key("Key__c"),
        key("acme__Key__c"),
    ],
    "Lead": [*system(), NAME, field("Status", "picklist")],
    "AccountShare": system("CreatedDate", "SystemModstamp"),
    "Number__c": [*system(), field("Amount__c", "double"), key("Key__c")],
    "User": [*system("IsDeleted"), field("Username"), field("Email", "email"), key("Uuid__c")],
    "Group": [*system("IsDeleted"), NAME],
    "vendor__Work_Item__c": [*system(), NAME, field("vendor__Subject__c"), key("vendor__Key__c")],
    "Place__c": [
        *system(),
        NAME,
        field("Spot__c", "location", updateable=False),
        field("Spot__Latitude__s", "double"),
        field("Spot__Longitude__s", "double"),
    ],
    "acme__Place__c": [
        *system(),
        NAME,
        field("acme__Spot__Latitude__s", "double"),
        field("acme__Spot__Longitude__s", "double"),
    ],
    "Attachment": [*system(), NAME, field("Body", "base64")],
    "A_Parent__c": [
        *system(),
        key("External_Identifier_One__c"),
        key("External_Identifier_Two__c"),
    ],
    "Line_Item_With_A_Really_Quite_Long_Name__c": [
        *system(),
        NAME,
        lookup("A_Parent_Object_With_A_Long_Field_Name__c", "A_Parent__c"),
    ],
    "FAQ__kav": [*system(), field("Title")],
    "KnowledgeArticleVersion": [*system(), field("Title")],
    "Big__b": system(),
    "Order_Event__e": [field("Id", "id"), field("CreatedDate", "datetime"), field("ReplayId")],
    "Parent__c": [*system(), key("Uuid__c")],
    "Child__c": [
        *system(),
        lookup("Parent__c", "Parent__c"),
        lookup("OwnerId", "User", "Group"),
        key("Key__c"),
        field("Score__c", "double", updateable=False, calculated=True),
    ],
    "acme__Order__c": [*system(), key("acme__Number__c")],
    "acme__Line__c": [*system(), lookup("acme__Order__c", "acme__Order__c")],
}
