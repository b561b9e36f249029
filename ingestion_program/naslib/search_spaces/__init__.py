"""Part of the 2022 import names; see ``naslib``."""
