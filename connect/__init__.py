"""How the data flows: each connection to Heroku Connect, from the callout to its end."""
