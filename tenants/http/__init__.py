"""The one way in which the portal calls another system: limits, retries and typed errors."""
