"""What a test reads off a page in the browser."""

from axe_playwright_python.base import AXE_SCRIPT


def violations(page, *rules):
    """What axe-core finds wrong with a page, all its rules on, or these."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(
        "async (rules) => (await axe.run({ resultTypes: ['violations'], "
        "...(rules.length ? { runOnly: rules } : {}) })).violations",
        rules,
    )
    return [(v["id"], v["help"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found]


def numbers(page, heading):
    """The numbers of the visible rows in the column of that heading."""
    heads = page.locator("#board thead th").all_inner_texts()
    heads = [" ".join(text.split()) for text in heads]
    column = next(i for i, text in enumerate(heads) if text.startswith(heading))
    cells = page.locator(f"#board tbody tr:not([hidden]) > :nth-child({column + 1})")
    return [float(text.replace("−", "-")) for text in cells.all_inner_texts() if text != "–"]
