"""The dashboard's cards, one module each: `read` returns what its template shows."""
