"""The list of what a submission may import is what the image has."""

import pytest

from zcnas.isolation.image import IMAGE
from zcnas.isolation.packages import image_modules, image_packages, is_importable


def test_the_lock_names_what_published_proxies_import():
    assert {"torch", "numpy", "scipy", "pandas", "sklearn", "tqdm", "psutil"} <= image_modules()
    assert "colorama" not in image_packages()  # for Windows only
    assert is_importable("distutils")  # the image's Python has it, whatever Python runs here
    assert not is_importable("requests")


@pytest.mark.container
@pytest.mark.usefixtures("docker_isolation")
def test_every_module_on_the_list_is_in_the_image_and_no_other(engine):
    code = (
        "import pkgutil, sysconfig;"
        "print(*(each.name for each in pkgutil.iter_modules([sysconfig.get_path('purelib')])))"
    )
    printed = engine.containers.run(
        IMAGE, ["python3", "-c", code], remove=True, network_mode="none"
    )
    found = {name for name in printed.decode().split() if not name.startswith("_")}
    listed = {name for name in image_modules() if not name.startswith("_")}
    assert found - {"pip", "isympy"} == listed
