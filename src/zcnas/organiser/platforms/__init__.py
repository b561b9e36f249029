"""CodaLab and Codabench: bundles, their check, and an emulator of the platforms' workers."""
