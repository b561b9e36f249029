"""How templates are filled: escaped always, style and scripts inlined, numbers written one way."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from zcnas.judging.secondary_metrics import TOP_SHARE
from zcnas.judging.statistics import RESAMPLES
from zcnas.judging.top_k import TOP_RESAMPLES, TRAINED
from zcnas.pages.identity import NOBODY
from zcnas.words.feedback import Feedback
from zcnas.words.text import is_address, printable

TEMPLATES = Path(__file__).parent / "templates"
DECIMALS = 4
"""Digits of a tau on a page where the phase's feedback sets no fewer."""

FOOTER = "Made by zcnas, a competition harness for zero-cost NAS predictors."


@functools.cache
def environment() -> Environment:
    """Return the templates' environment; one for the life of the process."""
    result = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result.filters |= {
        "tau": format_tau,
        "interval": format_interval,
        "seconds": format_seconds,
        "breakable": breakable,
        "titled": titled,
        "moment": format_moment,
        "terms": format_terms,
    }
    result.globals |= {
        "css": asset("style.css"),
        "js_theme": asset("theme.js"),
        "footer": FOOTER,
        "links": (),
        "identity": NOBODY,
        "here": "",
    }
    result.globals |= {"resamples": f"{RESAMPLES:,}", "top_share": f"{100 * TOP_SHARE:.0f} %"}
    result.globals |= {"top_resamples": TOP_RESAMPLES, "trained": TRAINED}
    return result


def _harmless(value: object) -> object:
    """Return a text without control characters; our own markup and numbers as they are."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return printable(value)


@functools.cache
def asset(name: str) -> Markup:
    """Return one of our style sheets or scripts, to be inlined: without indents and comment lines.

    Every page carries its own copy, so they count a thousand times in a large site.
    """
    lines = (TEMPLATES / name).read_text(encoding="utf-8").splitlines()
    kept = (line.strip() for line in lines if not line.lstrip().startswith("//"))
    return Markup("\n".join(kept))


def decimals_of(show: Feedback) -> int:
    """Return to how many decimals a page shows taus."""
    return DECIMALS if show.tau_decimals is None else show.tau_decimals


def format_tau(value: float | None, decimals: int = DECIMALS) -> str:
    """Return a correlation as a page shows it, with a real minus sign; a dash for none."""
    return "–" if value is None else f"{value:.{decimals}f}".replace("-", "−")


def format_interval(interval: Sequence[float] | None, decimals: int = DECIMALS) -> str:
    """Return an interval as a page shows it, to one digit less than a tau, at most three."""
    if interval is None:
        return "–"
    digits = min(decimals, 3)
    return f"[{format_tau(interval[0], digits)}, {format_tau(interval[1], digits)}]"


def format_seconds(value: float) -> str:
    """Return a time with about three digits and its unit."""
    if value < 100:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    return f"{value:.0f} s" if value < 6000 else f"{value / 3600:.1f} h"


def format_moment(moment: datetime.datetime | str) -> Markup:
    """Return a moment in UTC as a page shows it, such as ``2027-01-24 23:59 UTC``."""
    text = moment if isinstance(moment, str) else f"{moment.isoformat(timespec='seconds')}Z"
    return Markup('<time datetime="{}">{} {} UTC</time>').format(text, text[:10], text[11:16])


def format_terms(licence: str) -> Markup:
    """Return a licence, as a link where it is an address."""
    if not is_address(licence):
        return Markup.escape(licence)
    shown = licence.partition("://")[2].removeprefix("www.").rstrip("/")
    return Markup('<a href="{}" rel="license">{}</a>').format(licence, shown)


def breakable(key: str) -> Markup:
    """Return a name that may be broken over lines after its underscores."""
    return Markup("_<wbr>").join(str(_harmless(key)).split("_"))


def titled(title: str) -> Markup:
    """Return a benchmark's title that breaks only between search space and dataset."""
    return Markup(" ").join(
        Markup('<span class="nb">{}</span>').format(part) for part in _halves(title)
    )


def _halves(title: str) -> list[str]:
    space, dot, dataset = title.partition(" · ")
    return [f"{space} ·", dataset] if dot else [title]
