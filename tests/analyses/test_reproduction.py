from pathlib import Path

import pytest

from zcnas.analyses import run, write
from zcnas.analyses.reproduction import read_records, to_page
from zcnas.errors import AnalysisError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reports" / "reproduction.md"


def test_a_part_of_the_page_is_what_deeper_look_gives_again(
    tmp_path, benchmark, cells, write_table
):
    """These rows follow from printed figures alone, whatever table is read."""
    write_table(tmp_path, cells, list(range(40)), {"snip": list(range(40))})
    write(run("deeper-look", [benchmark], tmp_path), tmp_path / "out")
    rows = to_page(read_records(tmp_path / "out")).splitlines()
    committed = PAGE.read_text(encoding="utf-8")
    printed = [row.split(" | `")[0] for row in rows if "worked example" in row or "Amdahl" in row]
    assert len(printed) == 2
    assert all(row in committed for row in printed)
    swapped = next(row for row in rows if "does not follow from its tables 1 to 3" in row)
    assert swapped in committed


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 99}'])
def test_a_file_that_is_no_record_is_named(tmp_path, text):
    (tmp_path / "bias.json").write_text(text)
    with pytest.raises(AnalysisError, match=r"bias\.json' is not the record of an analysis"):
        read_records(tmp_path)


def test_without_records_the_report_says_what_to_run(tmp_path):
    with pytest.raises(AnalysisError, match=r"no records in .*; run `zcnas analyse all` first"):
        read_records(tmp_path)
