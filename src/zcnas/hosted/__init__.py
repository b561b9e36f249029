"""What both programs need on a platform: the phase and the seals. It imports only the words."""
