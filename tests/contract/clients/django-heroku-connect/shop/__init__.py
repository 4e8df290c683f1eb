"""One app with one connected model."""
