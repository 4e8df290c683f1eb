"""Mapping documents: versions, the linter, the comparison, drift."""
