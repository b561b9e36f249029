"""NAS-Bench-101: a cell as a graph of at most 7 vertices and 9 edges, 423,624 architectures."""
