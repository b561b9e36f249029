"""Asking a submission for one score per architecture, and recording what came back.

The ingestion program on a platform and the organiser's own run both use it. Ingestion records; it
sees no accuracy and judges nothing.
"""
