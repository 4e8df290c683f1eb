"""What is expected of each file of the corpus: "rule place", errors first, by level."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Want:
    """`errors`, `warnings`: of the document alone. `org_errors`, `org_warnings`: with the org."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    org_errors: tuple[str, ...] = ()
    org_warnings: tuple[str, ...] = ()
    refused: str = ""  # already when the file is read


_LONG = "Line_Item_With_A_Really_Quite_Long_Name__c.A_Parent_Object_With_A_Long_Field_Name__r__"
_LONG_NAMES = tuple(f"long-name {_LONG}External_Identifier_{n}__c" for n in ("One", "Two"))
_UNSUPPORTED = tuple(
    f"unsupported-object {name}"
    for name in ("FAQ__kav", "Order_Event__e", "Big__b", "KnowledgeArticleVersion")
)
WANTS: dict[str, Want] = {
    # Accepted, as Parent__r__Key__c is.
    "standard-lookup-relationship": Want(),
    "standard-lookup-no-indexes": Want(
        errors=("no-indexes Contact.Account__Key__c",), warnings=("no-identifier Contact",)
    ),
    "standard-lookup-namespaced-key": Want(errors=("no-indexes Contact.Account__acme__Key__c",)),
    "share-object": Want(),
    # The public original maps Key__c; without it, it is a fault of its own and CreatedDate is none.
    "no-createddate": Want(
        errors=("identifier-not-mapped Number__c.Key__c", "index-not-mapped Number__c.Key__c")
    ),
    "user-id-upper": Want(),
    "old-export-lastmodified": Want(
        warnings=("no-identifier Account",), org_warnings=("timestamp Account",)
    ),
    "order-a": Want(),
    "order-b": Want(),
    "foreign-namespace": Want(),
    "geolocation": Want(),
    "geolocation-namespaced": Want(),
    "upsert-field-not-mapped": Want(errors=("identifier-not-mapped Account.Key__c",)),
    "index-not-mapped": Want(errors=("index-not-mapped Account.Key__c",)),
    "compound-and-binary": Want(
        org_errors=("field-type Contact.MailingAddress", "field-type Attachment.Body")
    ),
    "long-relationship-names": Want(warnings=_LONG_NAMES),
    "fields-as-list": Want(refused="Contact: its “fields” must be an object, and is a list."),
    "unmappable-objects": Want(errors=_UNSUPPORTED),
    "lookup-field-not-indexed": Want(errors=("no-indexes Child__c.Parent__r__Uuid__c",)),
    "polymorphic-owner": Want(
        org_warnings=("polymorphic Child__c.Owner__Uuid__c", "formula Child__c.Score__c")
    ),
    "namespaced-relationship": Want(),
    "key-that-is-no-external-id": Want(
        org_errors=(
            "key-not-external Contact.Account__Name",
            "identifier-not-external Contact.Email",
        )
    ),
}
