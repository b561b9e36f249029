"""The pages in a real browser: sorting, filtering, the keyboard, no request leaving, axe-core."""

import csv
import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.pages.reading import numbers, violations
from zcnas.benchmarks import get_benchmark
from zcnas.pages.titles import benchmark_title

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.browser


def open_details(page):
    """Open whatever can be opened, and wait until every table of architectures is unpacked."""
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.wait_for_function(
        "[...document.querySelectorAll('details[data-table]')].every((d) => d.querySelector('tr'))"
    )


def names(page):
    """The entries on the ranking as they stand, those filtered away left out."""
    cells = page.locator("#board tbody tr:not([hidden]) th a")
    return cells.all_inner_texts()


def test_the_ranking_stands_in_the_order_of_the_leaderboard(site, published, open_page):
    page = open_page(site / "index.html")
    page.get_by_label("entries that do not count").check()
    assert names(page) == [entry.submission for entry in published.entries]


def test_a_heading_sorts_and_a_second_click_turns_the_order_around(site, open_page):
    page = open_page(site / "index.html")
    button = page.locator("#board thead th", has_text="CIFAR-100").get_by_role("button")
    button.click()
    falling = numbers(page, "NB201 · CIFAR-100")
    assert falling == sorted(falling, reverse=True)
    assert len(set(falling)) > 2
    heading = page.locator("th[aria-sort]")
    assert heading.count() == 1
    assert heading.get_attribute("aria-sort") == "descending"
    assert "highest first" in page.locator("#shown").inner_text()
    button.click()
    assert numbers(page, "NB201 · CIFAR-100") == falling[::-1]


def test_entries_without_a_number_stay_last_in_either_order(site, open_page):
    page = open_page(site / "index.html")
    for _ in range(2):
        page.get_by_role("button", name="Score").click()
        assert names(page)[-1] == "broken"


def test_the_keyboard_alone_sorts_and_filters(site, open_page):
    page = open_page(site / "index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").startswith("Failed"):
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    failed = numbers(page, "Failed")
    assert failed == sorted(failed, reverse=True)
    assert failed[0] == 21
    page.get_by_label("Find").focus()
    page.keyboard.type("NOISY")
    assert names(page) == ["noisy"]


def test_boxes_and_search_filter_and_say_how_many_are_left(site, open_page):
    page = open_page(site / "index.html")
    assert set(names(page)) == {"plain", "noisy", "coarse", "Ünï$x^2$ & <b>", "broken"}
    page.get_by_label("entries that do not count").check()
    assert "late" in names(page)
    page.get_by_label("baselines").uncheck()
    assert "coarse" not in names(page)
    page.get_by_label("only without failures").check()
    assert "Ünï$x^2$ & <b>" not in names(page)
    assert page.locator("#shown").inner_text().startswith("4 of 6 entries")
    page.get_by_label("Find").fill("alert(")  # the team's name
    assert names(page) == ["plain", "late"]


def test_choosing_a_benchmark_shows_its_column_alone_and_sorts_by_it(site, open_page):
    page = open_page(site / "index.html")
    page.get_by_label("Show").select_option("tau:nasbench201_cifar10")
    heads = page.locator("#board thead th:visible").all_inner_texts()
    assert [head for head in heads if head.startswith("NB")] == ["NB201 · CIFAR-10"]
    taus = numbers(page, "NB201 · CIFAR-10")
    assert taus == sorted(taus, reverse=True)
    page.get_by_label("Show").select_option("base")
    assert not any("NB201" in h for h in page.locator("thead th:visible").all_inner_texts())


def test_what_is_chosen_stands_in_the_address_and_comes_back_with_it(site, open_page):
    page = open_page(site / "index.html")
    page.get_by_role("button", name="CPU").click()
    page.get_by_label("baselines").uncheck()
    page.get_by_label("Find").fill("o")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Group").uncheck()
    shown, columns = names(page), page.locator("#board thead th:visible").all_inner_texts()
    assert "Group" not in columns
    address = page.url
    assert "#?" in address
    page.goto("about:blank")
    page.goto(address)
    assert names(page) == shown
    assert page.locator("#board thead th:visible").all_inner_texts() == columns
    assert page.locator("th[aria-sort]").inner_text().startswith("CPU")
    page.goto("about:blank")
    page.goto((site / "index.html").as_uri() + "#submission-late")
    assert page.evaluate("document.querySelector(':target th a').textContent") == "late"


def test_the_table_and_the_figures_can_be_taken_along(site, open_page, published):
    page = open_page(site / "index.html", accept_downloads=True)

    def saved(button):
        with page.expect_download() as download:
            button.click()
        return Path(download.value.path()).read_text(encoding="utf-8")

    buttons = page.get_by_role("group", name="Download")
    rows = list(csv.DictReader(saved(buttons.get_by_text("CSV")).splitlines()))
    counted = [entry for entry in published.entries if entry.counted]
    assert [row["Entry"] for row in rows] == [entry.submission for entry in counted]
    assert float(rows[0]["NB201 · CIFAR-10"]) == pytest.approx(
        counted[0].kendall_tau["nasbench201_cifar10"], abs=5e-5
    )
    entries = json.loads(saved(buttons.get_by_text("JSON")))["entries"]
    assert entries[0]["Score"] == pytest.approx(counted[0].score, abs=5e-5)
    table = saved(buttons.get_by_text("LaTeX"))
    assert r"\textasciicircum{}" in table
    assert r"\& <b>".replace("<", "$<$").replace(">", "$>$") in table
    lines = table[table.index("midrule") :].splitlines()[1:-2]
    assert len({len(re.findall(r"(?<!\\)&", line)) for line in lines}) == 1
    drawing = ElementTree.fromstring(saved(page.locator("#figure-ranks").get_by_text("SVG")))
    assert drawing.tag.endswith("svg")
    texts = [text.text for text in drawing.iter() if text.tag.endswith("text")]
    assert {"plain", "noisy"} <= set(texts)
    assert all("fill:rgb" in part.get("style", "") for part in drawing.iter() if part.text)


def test_on_a_phone_the_best_entry_is_whole_and_no_rule_breaks(site, open_page):
    page = open_page(site / "index.html", 390)
    box = page.locator("#board tbody tr").first
    row = box.bounding_box()
    for part in (box.locator("th a"), box.locator("td b"), box.locator(".pic .dot")):
        place = part.bounding_box()
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= 390
    for figure in page.locator(".plot").all():
        figure.scroll_into_view_if_needed()
        for text in figure.locator(".fluid text:visible").all():
            place = text.bounding_box()
            assert place["x"] >= 0, text.inner_text()
            assert place["x"] + place["width"] <= 390, text.inner_text()
            assert place["height"] > 10, "of readable size"
    assert row["height"] < 120
    lines = page.evaluate(
        "[...document.querySelector('#board tbody tr').cells]"
        ".map((c) => getComputedStyle(c).borderBottomWidth)"
    )
    assert set(lines) == {"1px"}
    assert (
        page.evaluate("getComputedStyle(document.querySelector('#board')).borderCollapse")
        == "separate"
    )


def test_names_in_the_scatter_cover_neither_each_other_nor_a_point(site, open_page):
    for width in (390, 1400):
        page = open_page(site / "index.html", width)
        page.locator("#figure-time").scroll_into_view_if_needed()
        places = page.evaluate(
            """[...document.querySelectorAll("#figure-time .name, #figure-time circle")]
            .map((e) => e.getBoundingClientRect()).filter((r) => r.width)
            .map((r) => [r.left, r.top, r.right, r.bottom])"""
        )
        names_first = sorted(places, key=lambda place: -(place[2] - place[0]))
        for one, other in itertools.combinations(names_first, 2):
            if one[2] - one[0] < 12 > other[2] - other[0]:
                continue  # two points
            apart = one[2] <= other[0] or other[2] <= one[0]
            assert apart or one[3] <= other[1] + 3 or other[3] <= one[1] + 3, (one, other)


def test_two_pinned_entries_are_compared_and_marked_wherever_they_stand(site, open_page, published):
    page = open_page(site / "index.html")
    one, other = published.entries[:2]
    page.get_by_role("button", name=f"Pin {one.submission}").click()
    page.get_by_role("button", name=f"Pin {other.submission}").focus()
    page.keyboard.press("Enter")
    panel = page.locator("#pair")
    said = panel.get_by_text("95 % paired interval").inner_text().replace("−", "-")
    difference, low, high = (float(n) for n in re.findall(r"[+-]\d\.\d{3}", said))
    assert difference == pytest.approx(one.score - other.score, abs=1e-3)
    assert (low + high) / 2 == pytest.approx(difference, abs=1.1e-3)
    assert ("cannot tell" in said) == (low <= 0 <= high)
    gaps = {key: abs(one.kendall_tau[key] - other.kendall_tau[key]) for key in published.benchmarks}
    widest = max(gaps, key=gaps.get)
    assert benchmark_title(get_benchmark(widest)) in panel.get_by_text("disagree").inner_text()
    for figure in ("ranks", "differences", "heatmap", "profile", "time"):
        assert page.locator(f"#figure-{figure} .pinned").count() >= 2, figure
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    panel.get_by_text("95 % paired interval").wait_for()
    assert page.locator("#board tr.pinned").count() == 2
    page.locator("#figure-time [data-e=submission-noisy] circle").click()
    assert "noisy" in page.locator(".card").inner_text()
    assert page.locator("#board tr.on").get_attribute("id") == "submission-noisy"
    page.keyboard.press("Escape")
    assert page.locator(".card").is_hidden()
    assert violations(page) == []


def test_the_switch_turns_every_page_dark_and_back(site, open_page):
    page = open_page(site / "index.html")

    def paper_becomes(colour):
        paper = "getComputedStyle(document.documentElement).backgroundColor"
        page.wait_for_function(f"{paper} === '{colour}'")

    paper_becomes("rgb(255, 255, 255)")
    page.get_by_role("button", name="Dark").click()
    paper_becomes("rgb(17, 21, 26)")
    page.get_by_role("link", name="Phase").click()
    page.wait_for_url("**/phase.html")
    paper_becomes("rgb(17, 21, 26)")  # kept on the next page
    page.get_by_role("button", name="Light").click()
    paper_becomes("rgb(255, 255, 255)")


def test_no_page_is_wider_than_the_window_or_runs_what_a_participant_wrote(
    site, published, open_page
):
    """Dialogs and foreign requests fail every test of this module; here they would be provoked."""
    for path in sorted(site.glob("*.html")):
        page = open_page(path)
        open_details(page)
        assert page.evaluate("document.querySelectorAll('main img, main b script').length") == 0
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        page.close()
    strange = next(e for e in published.entries if e.submission.startswith("Ü"))
    page = open_page(site / "index.html")
    page.locator("#board").get_by_role("link", name=strange.submission).click()
    assert page.locator("h1").inner_text() == strange.submission, "free text heads no page"


def test_the_table_of_architectures_unpacks_to_the_predictions(site, open_page):
    page = open_page(site / "submission-plain.html")
    section = page.locator("details[data-table='0']")
    section.locator("summary").click()
    rows = section.locator("tbody tr")
    rows.first.wait_for()
    assert rows.count() == 100
    accuracies = [float(t) for t in section.locator("tbody td:nth-child(3)").all_inner_texts()]
    assert accuracies == sorted(accuracies, reverse=True)


def test_every_page_can_be_read_without_a_script(site, open_page, published):
    page = open_page(site / "index.html", java_script_enabled=False)
    assert names(page) == [entry.submission for entry in published.entries]
    assert page.locator(".controls").is_hidden()
    assert page.locator(".plot").count() == 5


def test_print_shows_the_ranking_without_its_controls(site, open_page):
    page = open_page(site / "index.html")
    page.emulate_media(media="print")
    assert page.locator(".controls").is_hidden()
    assert page.locator("nav").is_hidden()
    box = page.locator(".scroll.tall").first
    assert box.evaluate("(e) => getComputedStyle(e).overflow") == "visible"


def test_axe_finds_no_violation_on_any_kind_of_page_light_dark_or_on_a_phone(site, open_page):
    """Darkness changes colours alone, so only contrasts are looked at again."""
    strange = next(site.glob("submission--n-*"))
    kinds = ("index", "phase", "benchmark-nasbench201_cifar10", strange.stem, "submission-broken")
    for path in (site / f"{kind}.html" for kind in kinds):
        page = open_page(path)
        page.evaluate(
            "document.querySelectorAll('details:not([data-table]), [data-table=\"0\"]')"
            ".forEach((d) => { d.open = true; })"
        )
        assert violations(page) == [], path.name
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == [], path.name
        if path.stem in ("index", strange.stem):
            page.set_viewport_size({"width": 390, "height": 900})
            assert violations(page) == [], path.name
        page.close()
