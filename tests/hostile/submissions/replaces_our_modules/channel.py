"""Would run in place of ours."""

raise SystemExit("loaded in place of ours")
