"""Your zero-cost predictor: replace the body of ``query``.

Try it:    python predictor.py       one query in this process: print and breakpoint() work
Score it:  zcnas dry-run --quick .   the first ten networks of each benchmark, then all of them
Pack it:   zcnas submission .
"""


class ZeroCostPredictor:
    # Your method's name on the leaderboard.
    method_type = "gradient norm"

    def pre_process(self):
        """Called once per benchmark, before the first query. Optional."""

    def query(self, graph, dataloader=None):
        """Return one number for one untrained network; a higher number ranks higher.

        ``graph`` is a torch.nn.Module in train mode with freshly initialised weights;
        ``graph.get_loss_fn()`` is its loss and ``graph.num_classes`` its number of classes.
        ``dataloader`` yields minibatches, the same ones for every network of a benchmark.
        """
        inputs, targets = next(iter(dataloader))
        loss_function = graph.get_loss_fn()
        loss_function(graph(inputs), targets).backward()
        return sum(parameter.grad.norm().item() for parameter in graph.parameters())


if __name__ == "__main__":
    import zcnas

    zcnas.try_file(__file__)  # as `zcnas try`, with its options --benchmark, --architecture, --pdb
