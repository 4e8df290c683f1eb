"""The ratios that `make bench` measures."""
