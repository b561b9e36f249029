"""The results folder OUT, and everything that is made from it without running a submission."""
