"""The dashboard: its cards, who needs attention, charts."""
