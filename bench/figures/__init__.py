"""The benches: each module has `run`, which yields its ratios."""
