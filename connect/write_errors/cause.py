r"""The cause of a failed write: Salesforce's message without what differs from row to row.

A message is built as "STATUS_CODE: field label: phrase: value", or without the label. All after the
phrase is the value, so it is left out. A label is what stands before the first colon. What
follows it is a phrase only if it is at least three words in lower case, perhaps after a field's API
name ("Key__c duplicates value on record with id"). So an unknown message hides too much rather than
too little. Only REQUIRED_FIELD_MISSING ends with names of fields and never with a value.
"""

from psycopg import sql

_STATUS = r"(?:[A-Z][A-Z0-9_]+:\s*|(?![A-Z][A-Z0-9_]+:))"
_PHRASE = r"(?::\s+(?:\w+__\w+\s)?[[:lower:]]+(?:\s[[:lower:]/-]+){{2,}}(?=:))?"
_VALUE = r"^(?!REQUIRED_FIELD_MISSING:)(" + _STATUS + r"[^:]+" + _PHRASE + r"):(?:\s.*)?$"

# What still varies in the kept part: addresses, ids, quoted values, numbers. The order matters,
# because an id contains digits.
CAUSE = sql.SQL(
    r"""
left(coalesce(nullif(btrim(
    regexp_replace(
    regexp_replace(
    regexp_replace(
    regexp_replace(
    regexp_replace(btrim(sf_message),
        '"""
    + _VALUE
    + r"""', '\1: …'),
        '\S+@\S+', '<e-mail>', 'g'),
        '\m(?=[A-Za-z]*\d)[A-Za-z0-9]{{15}}(?:[A-Za-z0-9]{{3}})?\M', '<id>', 'g'),
        '"[^"]*"|(?<!\w)''[^'']*''(?!\w)', '"…"', 'g'),
        '\d+', '#', 'g')
), ''), 'no message'), 300)
"""
)
