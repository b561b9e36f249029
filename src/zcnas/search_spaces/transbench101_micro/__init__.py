"""TransNAS-Bench-101 micro: one cell of four nodes and six edges, four operations, 4,096 codes."""
