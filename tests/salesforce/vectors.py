"""Writes the vectors of tests/tenants/signature_vectors.json as the Apex class SignatureVectors.

Run `python -m tests.salesforce.vectors` after a change of that file; a test compares the two.
"""

import json
from pathlib import Path
from typing import Any

from tests.salesforce.source import CLASSES

VECTORS = Path(__file__).parents[1] / "tenants" / "signature_vectors.json"
APEX = CLASSES / "SignatureVectors.cls"
_HEAD = """\
/**
 * The portal's own test vectors. Written by `python -m tests.salesforce.vectors`: do not edit.
 */
@IsTest
public class SignatureVectors {
    public class Vector {
        public final String name;
        public final String secret;
        public final Long timestamp;
        public final String body;
        public final String signature;

        public Vector(String name, String secret, Long timestamp, String body, String signature) {
            this.name = name;
            this.secret = secret;
            this.timestamp = timestamp;
            this.body = body;
            this.signature = signature;
        }
    }

    public static final List<Vector> ALL = new List<Vector>{
"""
_ESCAPES = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def render(vectors: list[dict[str, Any]]) -> str:
    """Return the Apex class that holds these callouts."""
    return _HEAD + ",\n".join(map(_vector, vectors)) + "\n    };\n}\n"


def callouts() -> list[dict[str, Any]]:
    """Read the vectors that both sides share."""
    found: list[dict[str, Any]] = json.loads(VECTORS.read_text())["callouts"]
    return found


def _vector(vector: dict[str, Any]) -> str:
    values = [
        _text(vector["name"]),
        _text(vector["secret"]),
        f"{vector['timestamp']}L",
        _text(vector["body"]),
        _text(vector["signature"]),
    ]
    lines = ",\n".join(f"            {each}" for each in values)
    return f"        new Vector(\n{lines}\n        )"


def _text(value: str) -> str:
    return f"'{value.translate(_ESCAPES)}'"


if __name__ == "__main__":
    APEX.write_text(render(callouts()))
