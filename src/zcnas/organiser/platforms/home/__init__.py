"""Home again: what was submitted on Codabench, fetched and scored here, and the rankings compared.

Codabench's API ──pull──▶ folder with submissions and roster ──score──▶ leaderboard ──▶ differences
"""
