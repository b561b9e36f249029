"""CodaLab and Codabench: bundles, their check, an emulator of the workers, and the way home."""
