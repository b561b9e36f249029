"""``zcnas image``: what makes a machine ready to run submissions."""

from __future__ import annotations

from typing import Annotated

import typer

from zcnas.organiser.cli.options import JsonOption, console, print_record


def image(
    base: Annotated[
        str, typer.Option(help="Base image with Python 3.11 or newer; found by default.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Build the image submissions run in, if it is missing or stale."""
    from zcnas.isolation.container import connect
    from zcnas.isolation.image import ensure_image, fingerprint

    name = ensure_image(connect(), lambda text: console.print(text, markup=False), base or None)
    console.print(f"{name} is up to date", markup=False)
    if as_json:
        print_record({"image": name, "fingerprint": fingerprint()})
