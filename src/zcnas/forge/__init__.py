"""The forge: benchmarks whose accuracies exist nowhere else.

    forge.json (a secret) ──▶ images, architectures ──▶ trainings ──▶ FOLDER/forged/<benchmark>.json

Small networks of a known search space are trained on images that nobody has. ``plan.py`` says what
a forge is, ``images/`` makes or reads what it trains on, ``train.py`` is one training, ``run.py``
decides how many and how long. The result is a table like any other.
"""
