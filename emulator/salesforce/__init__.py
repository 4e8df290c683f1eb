"""Salesforce's HTTP: OAuth, identity, Apex REST."""
