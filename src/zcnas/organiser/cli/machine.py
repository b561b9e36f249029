"""``zcnas image``: what makes a machine ready to run submissions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zcnas.organiser.cli.options import JsonOption, console, folder_option, print_record


def image(
    base: Annotated[
        str, typer.Option(help="Base image with Python 3.11 or newer; found by default.")
    ] = "",
    unpack: Annotated[
        Path | None,
        folder_option("Also write its files to a new folder, for --isolation bubblewrap."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build the image submissions run in, if it is missing or stale."""
    from zcnas.isolation.engine import connect
    from zcnas.isolation.image import ensure_image, fingerprint, unpack_image

    client = connect()
    name = ensure_image(client, lambda text: console.print(text, markup=False), base or None)
    console.print(f"{name} is up to date", markup=False)
    if unpack is not None:
        unpack_image(client, name, unpack)
        text = f"unpacked; use it with ZCNAS_IMAGE_ROOT={unpack.resolve()}"
        console.print(text, markup=False, soft_wrap=True)
    if as_json:
        print_record({"image": name, "fingerprint": fingerprint()})
