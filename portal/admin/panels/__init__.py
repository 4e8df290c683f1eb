"""Parts of pages: what a page shows beside its fields, and what several pages show."""
