"""What a submission may import: the packages of the image, by the names code uses.

The image's lock (``docker/requirements.txt``) is the list; it names distributions, and code imports
modules. Participants' checks and plain processes judge by it, so that what runs here runs there.
"""

from __future__ import annotations

import functools
import re
import sys

from zcnas.words.resources import package_file

LOCK = "docker/requirements.txt"
IMAGE_PYTHON = (3, 11)
"""The Python of the image: newer syntax and newer modules of the standard library fail there."""
SHIPPED = ("naslib", "torchvision", "zcnas")
"""What stands beside the worker: the import names of 2022, a stub, the proxies."""
STUBS = ("torchvision",)
"""What can be imported in the image and not used."""

MODULES_OF = {
    "fonttools": ("fontTools",),
    "matplotlib": ("matplotlib", "pylab"),
    "pillow": ("PIL",),
    "python-dateutil": ("dateutil",),
    "scikit-learn": ("sklearn",),
    "setuptools": ("setuptools", "_distutils_hack"),
    "torch": ("torch", "functorch", "torchgen"),
}
"""Distribution to what it is imported as, where that is not its own name."""

_ADDED_SINCE = frozenset({"annotationlib", "compression"})
_REMOVED_SINCE = frozenset(
    (
        *("aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils"),
        *(
            "imghdr",
            "imp",
            "lib2to3",
            "mailcap",
            "msilib",
            "nis",
            "nntplib",
            "ossaudiodev",
            "pipes",
        ),
        *("smtpd", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),
    )
)
"""What later Pythons added to the standard library of ``IMAGE_PYTHON`` and took from it."""


@functools.cache
def image_packages() -> dict[str, str]:
    """Return the distributions of the image with their locked versions.

    Those that the lock has for other systems only are left out.
    """
    entries = re.findall(
        r"^([\w.-]+)==([\w.+-]+)([^\\\n]*)", package_file(LOCK).read_text(), flags=re.MULTILINE
    )
    return {name: version for name, version, marker in entries if "win32" not in marker}


@functools.cache
def image_modules() -> frozenset[str]:
    """Return the top-level modules that the image's packages bring."""
    names = (MODULES_OF.get(name, (name.replace("-", "_"),)) for name in image_packages())
    return frozenset(module for modules in names for module in modules)


def is_importable(module: str) -> bool:
    """Return whether a top-level module can be imported where submissions run."""
    standard = (sys.stdlib_module_names | _REMOVED_SINCE) - _ADDED_SINCE
    return module in standard or module in image_modules() or module in SHIPPED
