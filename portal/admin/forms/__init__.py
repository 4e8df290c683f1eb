"""Forms of the admin whose result is a new row: a version, a roll-out, a corrected tenant."""
