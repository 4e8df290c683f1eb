"""What staff may do to one connection or one mapping."""
