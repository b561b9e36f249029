"""What both programs need on a platform: the phase and the seals; it imports words alone."""
