"""What people come for: one room a system."""
