"""Heroku Connect."""
