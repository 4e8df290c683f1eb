"""Mapping exports after the shapes of public ones, each with what is expected of it."""
