"""EPE-NAS: how the answers to images of one class go together, compared over the classes.

The formula and its edge cases are in `zcnas/proxies/epe_nas.py`.

Lopes, Alirezazadeh and Alexandre, "EPE-NAS", ICANN 2021, arXiv:2102.08099.
"""

from zcnas.proxies import epe_nas


class ZeroCostPredictor:
    method_type = "epe_nas"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        return epe_nas.score(graph, inputs, targets)
