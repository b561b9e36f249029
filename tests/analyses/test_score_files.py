import pytest

from zcnas.analyses import run
from zcnas.analyses.score_files import read_score_columns, read_score_file
from zcnas.benchmarks import get_benchmark
from zcnas.errors import AnalysisError
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec

CELL = "|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"
OTHER = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"


@pytest.fixture
def read(tmp_path, benchmark):
    """A function from a file's text to its columns."""

    def read(text, benchmarks=(benchmark,)):
        path = tmp_path / "mine.csv"
        path.write_text(text, encoding="utf-8")
        known = {each.key: {CELL: 1.0, OTHER: 2.0} for each in benchmarks}
        return read_score_file(path, benchmarks, known)

    return read


def test_an_empty_cell_is_a_failure_and_infinities_are_scores(read):
    found = read(f"architecture,mine,other\n{CELL},,1e-3\n{OTHER},-inf,2\n")
    assert found == {
        "nasbench201_cifar10": {
            "mine": {CELL: None, OTHER: float("-inf")},
            "other": {CELL: 1e-3, OTHER: 2.0},
        }
    }


def test_seconds_are_no_proxy(read, tmp_path, benchmark):
    found = read(f"architecture,mine,seconds\n{CELL},1,0.5\n{OTHER},2,\n")
    assert found == {"nasbench201_cifar10": {"mine": {CELL: 1.0, OTHER: 2.0}}}
    known = {benchmark.key: {CELL: 1.0, OTHER: 2.0}}
    columns = read_score_columns(tmp_path / "mine.csv", (benchmark,), known)
    assert columns[benchmark.key]["seconds"] == {CELL: 0.5, OTHER: 0.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("architecture,seconds\n", r"has no column of scores"),
        (f"architecture,mine,seconds\n{CELL},1,-1\n", r"'-1' is not a number of seconds"),
        (f"architecture,mine,seconds\n{CELL},1,inf\n", r"'inf' is not a number of seconds"),
        (f"architecture,mine\n{CELL},1\n{CELL},2\n", r"line 3 of .* occurs twice, first in line 2"),
        (f"architecture,mine\n{CELL},nan\n", r"column mine: 'nan' is not a number; leave the cell"),
        (f"architecture,mine\n{CELL},good\n", r"'good' is not a number"),
        (f"architecture,mine\n{CELL},-1e8\n", r"-1e8 is NASLib's mark of a failure"),
        ("architecture,mine\n64-1234-basic,1\n", r"line 2 of .* is not an architecture of nasb"),
        (f"architecture,mine\n{CELL.replace('none', 'avg_pool_3x3')},1\n", r"does not contain"),
        (f"arch,mine\n{CELL},1\n", r"header of .* is arch, mine; it needs a column 'architecture'"),
        ("architecture\n", r"has no column of scores"),
        (f"architecture,mine,mine\n{CELL},1,2\n", r"names a column twice"),
        (f"architecture,mine\n{CELL},1,2\n", r"line 2 of .* does not have the 2 columns"),
        (f"architecture,mine\n{CELL}\n", r"line 2 of .* does not have the 2 columns"),
        ("architecture,mine\n", r"has no scores for nasbench201_cifar10"),
        (f"architecture,benchmark,mine\n{CELL},nasbench301_svhn,1\n", r"has no scores for nasben"),
        ("", r"the header of .* is empty"),
    ],
)
def test_a_bad_file_is_refused_with_what_is_wrong(read, text, message):
    with pytest.raises(AnalysisError, match=message):
        read(text)


def test_a_file_for_several_benchmarks_needs_their_column(read, benchmark):
    with pytest.raises(AnalysisError, match=r"no column 'benchmark', and 2 benchmarks are analys"):
        read(f"architecture,mine\n{CELL},1\n", (benchmark, get_benchmark("nasbench201_svhn")))


def test_a_missing_file_and_one_in_another_encoding_are_refused(tmp_path, benchmark):
    with pytest.raises(AnalysisError, match=r"cannot read the score file .*No such file"):
        read_score_file(tmp_path / "none.csv", (benchmark,), {benchmark.key: {}})
    (tmp_path / "latin.csv").write_bytes("architecture,größe\n".encode("latin-1"))
    with pytest.raises(AnalysisError, match=r"is not a CSV file in UTF-8"):
        read_score_file(tmp_path / "latin.csv", (benchmark,), {benchmark.key: {}})


def test_another_drawing_of_a_nasbench101_cell_is_the_tables(tmp_path):
    drawn = "0110/0001/0001/0000:input,conv3x3-bn-relu,maxpool3x3,output"
    other = "0110/0001/0001/0000:input,maxpool3x3,conv3x3-bn-relu,output"
    assert NasBench101Spec.parse(drawn).module_hash() == NasBench101Spec.parse(other).module_hash()
    path = tmp_path / "mine.csv"
    path.write_text(f'architecture,mine\n"{other}",1\n')
    benchmark = get_benchmark("nasbench101_cifar10")
    found = read_score_file(path, (benchmark,), {benchmark.key: {drawn: 90.0}})
    assert found == {benchmark.key: {"mine": {drawn: 1.0}}}


@pytest.mark.parametrize(
    ("name", "scores", "count", "message"),
    [
        ("synflow", range(40), 40, r"'synflow' has the name of a published proxy; rename it"),
        (
            "mine",
            [7] * 40,
            40,
            r"'mine' has the same score for all 40 architectures of nasbench201",
        ),
        (
            "mine",
            range(40),
            9,
            r"nasbench201_cifar10 has 9 architectures with scores of mine; .* 10",
        ),
    ],
)
def test_a_column_that_cannot_be_analysed_is_refused(
    tmp_path, benchmark, cells, write_table, name, scores, count, message
):
    write_table(tmp_path, cells, range(40), {"synflow": list(range(40))})
    path = tmp_path / "mine.csv"
    rows = [f"{cell},{score}" for cell, score in zip(cells, scores, strict=True)]
    path.write_text("\n".join([f"architecture,{name}", *rows[:count]]) + "\n")
    with pytest.raises(AnalysisError, match=message):
        run("generalisation", [benchmark], tmp_path, path)


def test_fewer_than_ten_architectures_are_refused(tmp_path, benchmark, cells, write_table):
    write_table(tmp_path, cells[:9], range(9), {"snip": list(range(9))})
    with pytest.raises(
        AnalysisError, match=r"has 9 architectures with scores of snip; .* least 10"
    ):
        run("generalisation", [benchmark], tmp_path)


def test_an_unknown_analysis_names_the_known_ones(tmp_path, benchmark):
    with pytest.raises(AnalysisError, match=r"unknown analysis 'biases'; analyses: generalisation"):
        run("biases", [benchmark], tmp_path)
