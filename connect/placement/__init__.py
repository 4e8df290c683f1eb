"""Which host app gets a new connection, how much room there is, and for how long."""
