"""What a participant does before uploading: check and try a submission on their own machine.

Nothing here decides a score. The commands are in ``organiser/cli``.
"""
