"""Find anything: one field on each page for tenants, ids, numbers, pages and actions."""
