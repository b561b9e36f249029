"""The 2022 competition's import names, so that its entries run unmodified.

Our own few lines, not NASLib: the base class that predictors derived from and the name of the type
they annotated.
"""
