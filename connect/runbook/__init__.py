"""The runbook: for each reason what it means, who does what, and when to ask whom."""

from connect.runbook.entries import Chapter, Entry, anchor_of, chapters, entries

__all__ = ["Chapter", "Entry", "anchor_of", "chapters", "entries"]
