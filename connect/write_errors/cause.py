r"""The cause of a failed write: Salesforce's message without what differs from row to row.

Only what Salesforce itself wrote is kept, by the structure of its messages:
"STATUS_CODE: Field label: phrase before the value: value". A phrase is three words or more in lower
case. The label may be missing; then a second phrase may begin with a field's API name ("Key__c
duplicates value on record with id"). A message of another structure may hold a value anywhere, so
only its status code is kept. So is that of a message that people of the org wrote themselves.
"""

from psycopg import sql

# "SMITH: called twice" has no status code: a code is of two words at least.
_STATUS = r"[A-Z]+(?:_[A-Z0-9]+)+"
# The messages of validation rules, triggers and flows.
_WRITTEN_BY_THE_ORG = (
    r"(?:FIELD_CUSTOM_VALIDATION_EXCEPTION|CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    r"|CANNOT_EXECUTE_FLOW_TRIGGER):"
)
_PHRASE = r"[[:lower:]]+(?:\s(?:[[:lower:]/-]+|\d+)){2,}"
# Salesforce allows 40 characters. A label that begins in lower case looks like a phrase.
_LABEL = r'(?![[:lower:]\s])[^:@<>\[\]"]{1,40}'
_WITHOUT_LABEL = rf"{_PHRASE}(?::\s*\w+__\w+\s{_PHRASE})?"
_STRUCTURE = (
    rf"^(?!{_WRITTEN_BY_THE_ORG})({_STATUS}:\s*(?:{_LABEL}:\s*{_PHRASE}|{_WITHOUT_LABEL}):)"
)
# Names of fields, never a value; and a code without a text.
_WHOLE = rf"^(REQUIRED_FIELD_MISSING: Required fields are missing: \[[\w, ]*\]|{_STATUS})$"

# A label or a phrase may still hold an id or a number. The order matters: an id contains digits.
CAUSE = sql.SQL(
    """
coalesce(
    left(substring(btrim(sf_message) from {whole}), 300),
    left(regexp_replace(regexp_replace(
        substring(btrim(sf_message) from {structure}),
        {salesforce_id}, '<id>', 'g'), '[0-9]+', '#', 'g'), 290) || ' …',
    substring(btrim(sf_message) from {status}) || ': other message',
    CASE WHEN btrim(sf_message) <> '' THEN 'other message' ELSE 'no message' END
)
"""
).format(
    whole=sql.Literal(_WHOLE),
    structure=sql.Literal(_STRUCTURE),
    status=sql.Literal(f"^({_STATUS}):"),
    salesforce_id=sql.Literal(r"\m(?=[A-Za-z]*\d)[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?\M"),
)
