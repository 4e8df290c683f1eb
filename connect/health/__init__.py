"""Observing each live connection, alerting staff, and fixing what can be fixed automatically."""
