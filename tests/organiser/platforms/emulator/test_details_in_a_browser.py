"""``detailed_results.html`` as the platform shows it, in a real browser."""

import pytest

from .test_our_bundle import KEY, ONE_IS_NAN, N

pytestmark = [pytest.mark.container, pytest.mark.browser]


@pytest.fixture(scope="module")
def details(small, containers, tmp_path_factory):
    """The page of a submission with failures, markup in its text and something printed."""
    folder = tmp_path_factory.mktemp("details")
    source = ONE_IS_NAN.replace("my fault", "<img src=x onerror=alert(1)>").replace(
        "class ZeroCostPredictor:", "class ZeroCostPredictor:\n    method_type = '<i>mine</i>'"
    )
    (folder / "mine").mkdir()
    (folder / "mine" / "predictor.py").write_text(source)
    outcome = small.submit("codabench", folder / "mine", folder / "out", containers)
    assert outcome.status == "Finished", outcome.details
    return outcome.scoring / "detailed_results.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_is_quiet_and_fetches_nothing(browser, details, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(240_000)
    said, fetched = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append("dialog"))
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(details.as_uri())
    for section in page.query_selector_all("details"):
        section.evaluate("element => element.open = true")
    page.wait_for_selector("details table")
    assert said == []
    assert [url for url in fetched if not url.startswith(("data:", details.as_uri()))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.inner_text("h1") == "<i>mine</i>"
    text = page.inner_text("body")
    assert f"{N}\nof {N} architectures" in text
    assert "ValueError: <img src=x onerror=alert(1)>" in text
    assert KEY in text
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    dark = sum(int(part) for part in background.removeprefix("rgb(").rstrip(")").split(",")) < 384
    assert dark == (scheme == "dark")
    page.close()
