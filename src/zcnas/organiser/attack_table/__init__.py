"""Every known attack, tried on this machine: what `zcnas doctor --attack-table` runs.

``rows.py`` lists the attacks and what must come of each, ``stage.py`` prepares what an attacker
would know, ``suite.py`` runs all of them in one competition beside two honest submissions, and
``verdicts.py`` judges what came of it. ``report.py`` writes the record that admits a back end, and
the columns of ``docs/security.md``.
"""
