"""The samples of the kit, and which of them were written after the baselines were recorded."""

from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "starting_kit" / "submissions"
FOLDERS = sorted(folder for folder in SAMPLES.iterdir() if folder.is_dir())
LATER = {
    *("az_nas", "gradsign", "layers", "meco", "nwot_per_layer"),
    *("reference", "reference_transfer", "swap", "te_nas", "zico"),
}
"""From later papers, and the reference: no baselines."""
