"""A finished run as an artefact that a paper can cite: data, digests and descriptions in a folder.

    judgement ──▶ tables ──▶ draw.csv, scores.csv, leaderboard.csv, board/
                     └─────▶ croissant.json, README.md (the data card), manifest.json

``tables`` writes what is published, ``croissant`` and ``card`` describe it for machines and people,
``manifest`` binds all of it by digests.
"""
