"""The pages of the admin: one module for each thing that staff see."""
