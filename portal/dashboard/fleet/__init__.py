"""The fleet over time: a page of charts. Each is a card, one module each."""
