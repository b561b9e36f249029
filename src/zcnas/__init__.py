"""The shared library of the zero-cost NAS competition.

Both programs, the starting kit and the organiser's commands import from here. The folder names are
the architecture: accuracies come in through ``tables``, architectures through ``search_spaces``,
minibatches through ``datasets``; ``isolation`` says where a submission runs; ``metrics`` and
``leaderboard`` judge and publish.
"""

__version__ = "0.1.0"
