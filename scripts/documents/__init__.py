"""Writes the diagrams and tables that the documents take from the code."""
