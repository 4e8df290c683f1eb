"""The library of what can be broken: each fault and state by one name, one call and one button."""
