"""TransNAS-Bench-101 macro: four to six modules of residual blocks, 3,256 skeletons."""
