"""The names of NASLib's utilities that entries of 2022 imported from its tutorial."""

from . import utils
from .utils import get_project_root, get_train_val_loaders, set_seed

__all__ = ["get_project_root", "get_train_val_loaders", "set_seed", "utils"]
