"""From the first callout to live, and off-boarding: stages, steps and the reconciler."""
