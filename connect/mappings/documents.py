"""Mapping documents: JSON in Heroku Connect's export format."""

from typing import Any

# {"version": 1, "mappings": [{"object_name": "Account", "config": {"fields": {…}, …}}]}
MappingDocument = dict[str, Any]
