"""What somebody hands over as a mapping document is read without trusting it."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.mappings import uploads
from connect.mappings.uploads import BadUpload
from tests.connect import fleet as fleets
from tests.connect.mappings.strategies import documents, nonsense


def config(text: str) -> bytes:
    return f'{{"mappings": [{{"object_name": "A", "config": {{{text}}}}}]}}'.encode()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "It is empty."),
        (b"\xff\xfe{}", "not text in UTF-8: byte 0 is invalid. Save it as UTF-8."),
        (b"PK\x03\x04", "The JSON is malformed"),
        (b'{"mappings": [}', "line 1, column 15"),
        (b'{"mappings": NaN}', "NaN is not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 13 + b"1" + b"}" * 13, "nested more than 12 levels"),
        (b"9" * 5000, "cannot be read: Exceeds the limit"),
        (b" " * (2 * 1024 * 1024 + 1), "It has 2.0 MB"),
        (b'{"mappings": [], "mappings": []}', "'mappings' is given twice"),
        (b"[]", "one JSON object, and is a list"),
        (b"null", "and is missing"),
        (b'{"mappings": {"Account": {}}}', "must be a list, and is an object"),
        (b'{"mappings": [5]}', "Mapping 1 must be an object, and is a number"),
        (b'{"mappings": [{"object_name": 5}]}', "Mapping 1 has no string “object_name”"),
        (
            b'{"mappings": [{"object_name": "A", "config": "x"}]}',
            "must be an object, and is a text",
        ),
        (
            b'{"mappings": [{"object_name": "A", "config": {"fields": ["Id"]}}]}',
            "“fields” must be an object, and is a list",
        ),
        (
            b'{"mappings": [{"object_name": "A", "config": {"indexes": {"Id": true}}}]}',
            "index on Id must be an object",
        ),
        (config('"indexes": {"Id": {"unique": "yes"}}'), "“unique” as true or false"),
        (config('"fields": {"Id": null}'), "A: its field Id must be an object, {}, and is missing"),
        (config('"fields": {"Name": "x"}'), "field Name must be an object, {}, and is a text"),
        (config('"upsert_field": ["Key__c"]'), "“upsert_field” must be a text, and is a list"),
        (config('"sf_notify_enabled": "yes"'), "must be true or false, and is a text"),
        (config('"sf_max_daily_api_calls": true'), "must be a number, and is true or false"),
        (b'{"mappings": [{"object_name": "A\\u0000"}]}', "NUL character"),
        (b'{"mappings": [{"object_name": "A\\ud800"}]}', "half of a character pair"),
    ],
)
def test_an_invalid_document_is_refused_with_a_reason(data: bytes, complaint: str) -> None:
    with pytest.raises(BadUpload) as refusal:
        uploads.read(data)
    assert complaint in str(refusal.value)


def test_what_belongs_to_one_org_alone_is_left_out() -> None:
    export = fleets.document(Account=fleets.config(revision=7, applied_at="2016", strange=1))
    export["connection"] = {"organization_id": "00D"}
    read = uploads.read(json.dumps(export).encode())
    assert read == fleets.document(Account=fleets.config())


@given(documents())
def test_every_well_formed_document_is_read(document: dict[str, Any]) -> None:
    assert len(uploads.read(json.dumps(document).encode())["mappings"]) == len(document["mappings"])


@given(st.binary() | nonsense().map(lambda each: json.dumps(each).encode()))
def test_any_input_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadUpload):
        assert "mappings" in uploads.read(data)
