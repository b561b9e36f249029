"""The import names of the 2022 competition, so that its entries run unmodified.

This is our own code, not NASLib's: the base class of predictors and the type of their networks.
"""
