"""The dashboard's cards, one module each: `read` returns what the card's template shows."""
