"""Failures that differ in numbers only are one kind; lines of code are not such numbers."""

from zcnas.participant.failures import Failure, grouped


def failure(message, benchmark="a", status="error"):
    return Failure(benchmark, "00000000", status, message)


def test_numbers_do_not_make_another_failure_and_the_first_is_shown():
    groups = grouped(
        [
            failure("size mismatch, got 16, 16x64,512 (predictor.py, line 7)"),
            failure("size mismatch, got 32, 8x64,1e-05 (predictor.py, line 7)", "b"),
            failure("other"),
        ]
    )
    assert [(group.count, group.benchmarks, group.exact) for group in groups] == [
        (2, ("a", "b"), False),
        (1, ("a",), True),
    ]
    assert "16x64" in groups[0].first.message


def test_another_line_or_another_status_is_another_failure():
    messages = ["x (predictor.py, line 7)", "x (predictor.py, line 8)"]
    assert len(grouped(map(failure, messages))) == 2
    assert len(grouped([failure("x"), failure("x", status="invalid")])) == 2
