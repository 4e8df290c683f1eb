"""The staff's door: signing in, second factors, sessions, and proving again who one is."""
