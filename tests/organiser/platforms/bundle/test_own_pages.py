"""What an organiser brings: pages in any language, logo, pictures, questions, solutions."""

import base64
import io
import zipfile

import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from zcnas.errors import BundleError
from zcnas.organiser.cli.main import app
from zcnas.organiser.platforms.check import check_bundle
from zcnas.words.resources import package_file

SETTINGS = package_file("competition.yaml").read_text()


def picture():
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def bundled(tmp_path):
    """A function that bundles the practice phase with changed settings, templates beside them."""

    def bundle(*changes, **templates):
        text = SETTINGS.replace("zcnas-worker:latest", "me/worker:1")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "ours").mkdir(exist_ok=True)
        for name, content in templates.items():
            (tmp_path / "ours" / name.replace("__", ".")).write_bytes(content)
        (tmp_path / "competition.yaml").write_text(text)
        words = ["bundle", "--phase", "practice", "--settings", str(tmp_path / "competition.yaml")]
        done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output, tmp_path / "out" / "codabench.zip", tmp_path / "out" / "codalab.zip"

    return bundle


def read(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


OWN = ('templates: ""', "templates: ours")


def test_a_page_of_the_organisers_own_replaces_ours_in_any_language(bundled):
    french = "<h2>{{ settings.title }}</h2>\n<p>Une évaluation équitable.</p>".encode()
    _, new, old = bundled(
        OWN,
        ("  overview: Overview", "  overview: Présentation"),
        overview__html=french,
        phase__txt="{{ phase.architectures }} réseaux.\n".encode(),
    )
    for path in (new, old):
        page = read(path, "pages/overview.html").decode()
        assert page == "<h2>Zero-Cost NAS Competition</h2>\n<p>Une évaluation équitable.</p>"
        assert b"Kendall" in read(path, "pages/evaluation.html"), "ours, where there is no other"
    content = yaml.safe_load(read(new, "competition.yaml"))
    assert content["pages"][0] == {"title": "Présentation", "file": "pages/overview.html"}
    assert content["phases"][0]["description"] == "100 réseaux."


def test_a_page_that_we_do_not_have_is_added_where_the_list_names_it(bundled):
    added = ("  terms: Terms", "  prizes: Prizes\n  terms: Terms")
    _, new, old = bundled(OWN, added, prizes__html=b"<p>Fame.</p>")
    titles = [page["title"] for page in yaml.safe_load(read(new, "competition.yaml"))["pages"]]
    assert titles[-1] == "Prizes"
    assert list(yaml.safe_load(read(old, "competition.yaml"))["html"])[-2:] == ["prizes", "terms"]
    with pytest.raises(BundleError, match="names the page rules.html, and there is no such"):
        bundled(OWN, ("  terms: Terms", "  rules: Rules\n  terms: Terms"))


def test_the_logo_and_the_pictures_of_a_page_travel_with_the_bundle(bundled):
    page = b'<p><img alt="" src="plot.png"> <img src="https://example.org/a.png"></p>'
    _, new, _ = bundled(OWN, overview__html=page, plot__png=picture(), logo__png=picture())
    assert read(new, "logo.png") == picture()
    shown = read(new, "pages/overview.html").decode()
    assert f"data:image/png;base64,{base64.b64encode(picture()).decode()}" in shown
    assert 'src="https://example.org/a.png"' in shown


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (b'<img src="absent.png">', "shows absent.png, and .* has no such picture"),
        (b"<img src='../competition.yaml'>", "not in the folder of your templates"),
        (b"{{ settings.titel }}", "overview.html cannot be filled: .*titel"),
        (b"<p>\n{% if %}", r"overview.html:2 cannot be filled"),
        (b"{{ settings.__class__.__mro__ }}", "unsafe"),
        (b" \n", "the page overview is empty"),
    ],
)
def test_a_page_that_cannot_be_shown_makes_no_bundle(page, message, bundled):
    with pytest.raises(BundleError, match=message):
        bundled(OWN, overview__html=page)


def test_two_logos_or_one_that_platforms_refuse_make_no_bundle(bundled):
    with pytest.raises(BundleError, match="logo.png, logo.svg; keep one logo"):
        bundled(OWN, logo__png=picture(), logo__svg=b"<svg/>")


def test_questions_stand_in_the_platforms_own_form(bundled):
    asked = """fact_sheet:
  method: {title: Method, required: true, on_leaderboard: true}
  data: {title: Fitted on, type: select, selection: [nothing, public data]}
  open: {title: Open source, type: checkbox}
"""
    _, new, _ = bundled(("fact_sheet: {}\n", asked), ("auto_approve: false", "auto_approve: true"))
    content = yaml.safe_load(read(new, "competition.yaml"))
    assert content["registration_auto_approve"] is True
    assert content["fact_sheet"] == {
        "method": {
            "key": "method",
            "type": "text",
            "title": "Method",
            "selection": "",
            "is_required": "true",
            "is_on_leaderboard": "true",
        },
        "data": {
            "key": "data",
            "type": "select",
            "title": "Fitted on",
            "selection": ["", "nothing", "public data"],
            "is_required": "false",
            "is_on_leaderboard": "false",
        },
        "open": {
            "key": "open",
            "type": "checkbox",
            "title": "Open source",
            "selection": [True, False],
            "is_required": "false",
            "is_on_leaderboard": "false",
        },
    }
    assert check_bundle(new).ok


def test_solutions_have_names_and_all_baselines_can_be_put_in(bundled):
    _, new, _ = bundled(("solutions: [nwot, params, synflow]", "solutions: all"))
    content = yaml.safe_load(read(new, "competition.yaml"))
    names = [solution["name"] for solution in content["solutions"]]
    folders = package_file("starting_kit/submissions")
    assert names == sorted(folder.name for folder in folders.iterdir() if folder.is_dir())
    assert len(names) >= 17
    assert b"ZeroCostPredictor" in zipfile.ZipFile(
        io.BytesIO(read(new, "solutions/grad_norm.zip"))
    ).read("predictor.py")
    with pytest.raises(BundleError, match="names the solution 'magic'; samples in"):
        bundled(("solutions: [nwot, params, synflow]", "solutions: [magic]"))


def test_collaborators_stand_where_a_platform_reads_them_and_are_told_where_it_does_not(bundled):
    said, new, old = bundled(("collaborators: []", "collaborators: [alice, bob]"))
    assert yaml.safe_load(read(old, "competition.yaml"))["admin_names"] == "alice,bob"
    assert b"alice" not in read(new, "competition.yaml")
    assert "add alice, bob in the competition's editor" in " ".join(said.split())


def test_tables_are_dressed_by_the_platforms_own_classes_and_benchmarks_have_their_titles(bundled):
    _, new, _ = bundled()
    pages = [name for name in zipfile.ZipFile(new).namelist() if name.startswith("pages/")]
    text = "".join(read(new, name).decode() for name in pages)
    assert text.count("<table") == text.count('<table class="ui celled table') > 4
    data = read(new, "pages/data.html").decode()
    assert "<td>nasbench201_cifar10</td><td>NB201 C10</td>" in data
    columns = yaml.safe_load(read(new, "competition.yaml"))["leaderboards"][0]["columns"]
    assert [column["title"] for column in columns] == [
        *("Score (mean tau)", "NB201 C10", "NB201 C100", "NB201 IN16-120", "Failed"),
    ]


def test_the_pages_tell_the_same_moments_as_the_platform(bundled):
    _, new, _ = bundled()
    phase = yaml.safe_load(read(new, "competition.yaml"))["phases"][0]
    overview = read(new, "pages/overview.html").decode()
    assert f"<td>{phase['start']}</td><td>{phase['end']}</td>" in overview
    assert "From (UTC)" in overview
