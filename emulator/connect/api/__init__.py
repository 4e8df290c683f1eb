"""Heroku Connect's HTTP API and authorization pages."""
