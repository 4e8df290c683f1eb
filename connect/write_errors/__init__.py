"""Writes that Salesforce refused: read from the trigger logs, retried or ignored."""
