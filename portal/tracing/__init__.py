"""Traces by OpenTelemetry: a span for each request, task and call to a peer. Off by default."""
