"""Whose board it is: on every page, in what a link to it shows, and only once it is somebody's."""

import base64
import datetime
import io
import re
import shutil

import msgspec
import pytest
from PIL import Image

from tests.boards import publish_run
from tests.pages.reading import violations
from zcnas.errors import BundleError
from zcnas.organiser.platforms.settings import read_settings
from zcnas.organiser.results.identity import identity_of, read_identity
from zcnas.pages.identity import PREVIEW, Identity
from zcnas.words.records import Manifest, read_json, write_json
from zcnas.words.resources import SETTINGS_FILE, package_file

OURS = {
    "contact_email: organisers@example.org": "contact_email: nas@uni.example",
    "organisers: The organisers of this competition": "organisers: Uni & Co",
    'website: ""': "website: https://nas.example/2027",
    'board: ""': "board: https://board.example/final/",
    'licence: ""': "licence: https://creativecommons.org/licenses/by/4.0/",
    'citation: ""': 'citation: "@misc{nas, title = {NAS <2027>}}"',
    'templates: ""': "templates: ours",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """A competition.yaml of somebody's, with a logo of 300 × 150 pixels beside it."""
    folder = tmp_path_factory.mktemp("competition")
    text = package_file(SETTINGS_FILE).read_text(encoding="utf-8")
    for old, new in OURS.items():
        assert old in text
        text = text.replace(old, new)
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    (folder / "ours").mkdir()
    Image.new("RGB", (300, 150), "#b8480f").save(folder / "ours" / "logo.png")
    return folder / SETTINGS_FILE


@pytest.fixture(scope="module")
def identity(settings):
    """Whose board that makes of the practice phase."""
    return read_identity(settings, "practice")


@pytest.fixture(scope="module")
def own_run(tmp_path_factory, run_folder):
    """A copy of the run of six: other rules judge it here than where else it is shared."""
    return shutil.copytree(run_folder, tmp_path_factory.mktemp("own") / "run")


@pytest.fixture(scope="module")
def board(tmp_path_factory, own_run, phase, references, identity):
    """The pages of the run of six as that competition's."""
    folder = tmp_path_factory.mktemp("board") / "site"
    publish_run(own_run, phase, references, site=folder, identity=identity)
    return folder


def text_of(path):
    return path.read_text(encoding="utf-8")


def test_every_page_says_whose_it_is_and_leads_back_to_them(board):
    for path in board.glob("*.html"):
        head, _, rest = text_of(path).partition("<main")
        assert re.search(r'<a href="https://nas.example/2027">.*Zero-Cost NAS Comp', head), path
        foot = rest[rest.index("<footer") :]
        assert "Uni &amp; Co" in foot
        assert 'href="mailto:nas@uni.example"' in foot
        assert 'href="https://creativecommons.org/licenses/by/4.0/" rel="license"' in foot


def test_the_ranking_has_deadline_and_citation_as_the_settings_have_them(board):
    page = text_of(board / "index.html")
    assert '<time datetime="2027-01-24T23:59:59Z">2027-01-24 23:59 UTC</time>' in page
    assert "@misc{nas, title = {NAS &lt;2027&gt;}}</pre>" in page


def test_the_logo_lies_in_the_pages_small_and_in_its_shape(board):
    page = text_of(board / "submission-plain.html")
    source = re.search(r'<img src="data:image/png;base64,([^"]+)" alt=""', page)[1]
    assert Image.open(io.BytesIO(base64.b64decode(source))).size == (160, 80)


def test_what_links_show_names_the_picture_by_its_address_elsewhere(board, site):
    address = 'property="og:image" content="https://board.example/final/preview.png"'
    for name in ("index.html", "submission-plain.html"):
        assert address in text_of(board / name)
    assert 'property="og:image" content="preview.png"' in text_of(site / "index.html")
    title = 'og:title" content="Zero-Cost NAS Competition · Practice phase: leaderboard"'
    assert title in text_of(board / "index.html")


def test_the_picture_has_the_size_that_links_are_shown_with_and_follows_from_the_board(
    board, site, tmp_path, own_run, phase, references, identity
):
    drawn = (board / PREVIEW).read_bytes()
    assert Image.open(io.BytesIO(drawn)).size == (1200, 630)
    assert drawn != (site / PREVIEW).read_bytes(), "the other board has no title"
    publish_run(own_run, phase, references, site=tmp_path / "again", identity=identity)
    assert (tmp_path / "again" / PREVIEW).read_bytes() == drawn


def test_the_picture_tells_no_score_that_the_pages_hide(tmp_path, own_run, phase, references):
    hidden = msgspec.structs.replace(phase, truth="hidden", feedback="none", draw_seed=None)
    pictures = []
    for name, against in (("one", references), ("other", turned(references))):
        publish_run(own_run, hidden, against, site=tmp_path / name)
        pictures.append((tmp_path / name / PREVIEW).read_bytes())
    assert pictures[0] == pictures[1]


def turned(references):
    """The same architectures with the accuracies of one another."""
    return {
        key: msgspec.structs.replace(
            each,
            accuracies=dict(zip(each.accuracies, reversed(each.accuracies.values()), strict=True)),
        )
        for key, each in references.items()
    }


def test_settings_that_are_still_the_samples_give_a_title_and_nothing_else(settings):
    sample = read_identity(package_file(SETTINGS_FILE), "practice")
    assert sample == Identity(title="Zero-Cost NAS Competition")
    ours = read_settings(settings)
    assert identity_of(ours, settings.parent, "practice").deadline == datetime.datetime(
        2027, 1, 24, 23, 59, 59
    )
    assert identity_of(ours, settings.parent, "full").deadline is None, "it has no end"
    assert identity_of(ours, settings.parent, "unscheduled").deadline is None


def test_the_process_that_draws_a_served_board_is_told_all_of_it(identity):
    assert identity.logo
    assert msgspec.json.decode(msgspec.json.encode(identity), type=Identity) == identity


@pytest.mark.parametrize("field", ["website", "board"])
def test_an_address_that_a_browser_should_not_follow_is_refused(settings, tmp_path, field):
    text = text_of(settings)
    path = tmp_path / SETTINGS_FILE
    path.write_text(re.sub(f"{field}: https:.*", f"{field}: javascript:alert(1)", text))
    with pytest.raises(BundleError, match=f"{field} is 'javascript:alert.*https://"):
        read_settings(path)


def test_a_logo_that_is_no_picture_is_named_with_what_to_do(settings, tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "logo.png").write_text("no picture")
    with pytest.raises(BundleError, match=r"logo\.png cannot be read.*save it again as a PNG"):
        identity_of(read_settings(settings), tmp_path, "practice")


def test_updated_is_when_the_newest_result_was_made(site, tmp_path, own_run, phase, references):
    """By arrivals alone the board is of 2 March; a query answered later makes it younger."""
    assert 'Updated <time datetime="2026-03-02T10:00:00Z">' in text_of(site / "index.html")
    later = shutil.copytree(own_run, tmp_path / "run")
    path = later / "submissions" / "noisy" / f"{phase.benchmarks[0]}.manifest.json"
    manifest = read_json(path, Manifest, ValueError)
    began = msgspec.structs.replace(manifest.organiser, started_at="2026-03-04T23:59:50+00:00")
    public = msgspec.structs.replace(manifest.public, wall_time_s=15.2)
    write_json(path, Manifest(public=public, organiser=began))
    publish_run(later, phase, references, site=tmp_path / "later")
    page = text_of(tmp_path / "later" / "index.html")
    assert '<time datetime="2026-03-05T00:00:05Z">2026-03-05 00:00 UTC</time>' in page


@pytest.mark.browser
def test_axe_finds_no_violation_on_a_board_with_an_identity(board, open_page):
    for name in ("index.html", "submission-plain.html"):
        page = open_page(board / name)
        assert violations(page) == [], name
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == [], name
        page.set_viewport_size({"width": 390, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        mast = page.locator(".mast b").bounding_box()
        assert mast["x"] > page.locator(".mast img").bounding_box()["width"], "beside the logo"
        page.close()
