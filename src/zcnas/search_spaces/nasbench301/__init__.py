"""NAS-Bench-301: the DARTS space, a normal and a reduction cell, about 10^18 architectures."""
