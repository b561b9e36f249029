"""NAS-Bench-201: one cell of four nodes and six edges, five operations, 15,625 architectures."""
