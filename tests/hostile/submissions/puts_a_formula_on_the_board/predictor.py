"""Calls itself a spreadsheet formula and a script."""


class ZeroCostPredictor:
    method_type = '=HYPERLINK("http://evil","x")<script>alert(1)</script>'

    def query(self, graph, dataloader=None):
        return float(sum(p.numel() for p in graph.parameters()))
