"""What happens to a connection as time passes."""
