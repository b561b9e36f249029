"""What only the organiser has; it may import everything, and nothing imports it."""
