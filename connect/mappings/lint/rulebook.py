"""Every rule of the linter: what happens if it is not obeyed, and what to do."""

from dataclasses import dataclass

_REFUSED = "Heroku Connect refuses the import."
_BAD_CONFIG = "The mapping ends in BAD_CONFIG, and its object is not synchronized."
_LOST = "Heroku Connect drops the whole import silently."
_WRITES_FAIL = "Salesforce refuses such writes."


@dataclass(frozen=True)
class Rule:
    """One rule. `level`: the `document` alone can tell, or the `org`. `severity`: its usual one."""

    level: str
    severity: str
    meaning: str
    consequence: str
    advice: str


def _document(severity: str, meaning: str, consequence: str, advice: str) -> Rule:
    return Rule("document", severity, meaning, consequence, advice)


def _org(severity: str, meaning: str, consequence: str, advice: str) -> Rule:
    return Rule("org", severity, meaning, consequence, advice)


RULEBOOK: dict[str, Rule] = {
    "no-mappings": _document(
        "error", "It has no mappings.", "Nothing is imported.", "Give an export of Heroku Connect."
    ),
    "not-a-mapping": _document(
        "error",
        "A mapping lacks object_name or config.",
        _REFUSED,
        "Compare it with an export of Heroku Connect.",
    ),
    "too-many": _document("error", "Over 100 mappings.", _REFUSED, "Leave some objects out."),
    "twice": _document(
        "error",
        "An object or a field is there twice; case does not count.",
        "A table cannot have a column twice; of an object the last mapping wins.",
        "Keep one of the two.",
    ),
    "name": _document(
        "error", "It cannot be an API name.", _BAD_CONFIG, "Use the API name, not the label."
    ),
    "no-fields": _document("error", "It has no fields.", _BAD_CONFIG, "Add at least Id."),
    "too-many-fields": _document(
        "error",
        "More fields than a Postgres table can have columns.",
        "The table cannot be made.",
        "Map only the fields that are used.",
    ),
    "indexes": _document(
        "error", "indexes is not an object.", _REFUSED, "Write {“Field__c”: {“unique”: false}}."
    ),
    "access": _document(
        "error",
        "Neither read_only nor read_write.",
        _REFUSED,
        "Choose read_only, or read_write to write from Postgres too.",
    ),
    "polling": _document(
        "error",
        "More often than the plan allows (demo 600 s, paid 120 s), or less often than 3600 s.",
        "Heroku Connect refuses it or polls at another interval.",
        "Use an interval that the plan allows, or a plan with a lower floor.",
    ),
    "system-field": _document(
        "error",
        "Id is missing, or all of SystemModstamp, LastModifiedDate and CreatedDate.",
        "Heroku Connect cannot tell what has changed: BAD_CONFIG.",
        "Map Id, and SystemModstamp if the object has it.",
    ),
    "no-indexes": _document(
        "error",
        "A relationship by external id without “indexes”, or whose mapped lookup has no index.",
        _LOST,
        "Add the lookup field to “indexes”, not unique.",
    ),
    "no-identifier": _document(
        "warning",
        "read_write without upsert_field.",
        "Heroku Connect’s diagnosis shows it in red.",
        "Name an external id of the object as upsert_field.",
    ),
    "identifier-not-mapped": _document(
        "error", "The upsert_field is not among the fields.", _BAD_CONFIG, "Map it."
    ),
    "index-not-mapped": _document(
        "error",
        "A field with an index is not among the fields.",
        _BAD_CONFIG,
        "Map the field, or remove its index.",
    ),
    "unsupported-object": _document(
        "error",
        "Heroku Connect does not map such objects (knowledge articles, big objects, events).",
        _BAD_CONFIG,
        "Leave the object out, and read it by Salesforce's own API.",
    ),
    "limited-object": _document(
        "warning",
        "Heroku Connect maps it only up to a limit.",
        "With more than 20,000 changed records at once the synchronization fails.",
        "Map it only where few records change.",
    ),
    "long-name": _document(
        "warning",
        "A column name over 63 bytes.",
        "Postgres cuts it: queries need the shorter name, and two such columns may become one.",
        "Use shorter names in Salesforce, or do not map it.",
    ),
    "namespace": _document(
        "warning",
        "A custom name without a namespace in an org whose package has one.",
        "If it belongs to the package, the org does not have it: BAD_CONFIG.",
        "If it belongs to the package, write {ns} before it.",
    ),
    "rows": _document(
        "warning",
        "About more rows than the plan holds.",
        "The connection stops with TOO_MANY_ROWS.",
        "Map fewer objects, or change the plan.",
    ),
    "unknown-object": _org(
        "error",
        "The org does not have the object, or the user who authorized cannot see it.",
        _BAD_CONFIG,
        "Check the name, the package in the org, and the user's permissions.",
    ),
    "unknown-field": _org(
        "error",
        "The org does not have the field, or the user who authorized cannot see it.",
        _BAD_CONFIG,
        "Check the name, the package's version, and the field's visibility; or take it out.",
    ),
    "unknown-relationship": _org(
        "error",
        "The object has no lookup of that name.",
        _BAD_CONFIG,
        "Use the relationship's name: Account for AccountId, Parent__r for Parent__c.",
    ),
    "unknown-key": _org(
        "error",
        "The parent does not have the field that the relationship names.",
        _BAD_CONFIG,
        "Name an external id of the parent object.",
    ),
    "key-not-external": _org(
        "error",
        "The parent's field that the relationship names is not an external id.",
        _BAD_CONFIG,
        "Mark the field as an external id in Salesforce, or name another.",
    ),
    "polymorphic": _org(
        "warning",
        "A relationship to several objects.",
        "A parent is found by its external id only where its object has this field.",
        "Map the lookup itself if the parent's Salesforce id is known.",
    ),
    "identifier-not-external": _org(
        "error",
        "The upsert_field is not an external id.",
        _BAD_CONFIG,
        "Mark the field as an external id in Salesforce, or name another.",
    ),
    "field-type": _org(
        "error",
        "A compound field (address, geolocation) or a binary one.",
        _BAD_CONFIG,
        "Map the parts of a compound field; read binary data by Salesforce's own API.",
    ),
    "timestamp": _org(
        "warning",
        "SystemModstamp is not mapped, though the object has it.",
        "Changes by automated processes, which leave LastModifiedDate as it is, are missed.",
        "Map SystemModstamp in the place of LastModifiedDate.",
    ),
    "required-not-mapped": _org(
        "warning",
        "read_write without a field that Salesforce requires.",
        "Salesforce refuses every record that is created from Postgres.",
        "Map the field, or make the mapping read_only.",
    ),
    "formula": _org(
        "warning",
        "A formula.",
        "Its value changes without the record: the column keeps the old one.",
        "Compute it in Postgres from mapped fields, or reload the table when it matters.",
    ),
    "not-writable": _org(
        "note",
        "A field of a read_write mapping that cannot be written.",
        _WRITES_FAIL,
        "Only read it.",
    ),
}
