"""The menu of the staff's pages: what it lists, in which groups, with which counts."""
