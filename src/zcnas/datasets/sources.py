"""Where the datasets' published files come from, and where they go in the data folder.

``zcnas data`` downloads everything that its publisher offers at a fixed address. The rest needs an
account, a licence or many archives, so it is described instead. This module downloads nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zcnas.datasets import cifar, imagenet16, ninapro, spherical, svhn, taskonomy
from zcnas.datasets.published import CHECKSUMS
from zcnas.errors import PhaseError


@dataclass(frozen=True)
class Download:
    """One file offered by its publisher.

    Attributes:
        url: Its address.
        name: Its path in the data folder; for an archive, its name.
        md5: The published checksum; None if there is none.
        size_mb: Its approximate size in 10⁶ bytes.
        is_archive: Whether it is a tar file to be unpacked.
    """

    url: str
    name: str
    md5: str | None
    size_mb: int
    is_archive: bool = False


@dataclass(frozen=True)
class Source:
    """One dataset's files.

    Attributes:
        title: Its name for people.
        datasets: The names of the datasets it provides.
        files: Paths in the data folder that must exist.
        downloads: What to download; empty if the files must be obtained manually.
        by_hand: How to obtain the files manually, one line per step; empty if they are downloaded.
    """

    title: str
    datasets: tuple[str, ...]
    files: tuple[str, ...]
    downloads: tuple[Download, ...] = ()
    by_hand: str = ""

    def missing(self, data_dir: Path) -> tuple[str, ...]:
        """Return those of ``files`` that are missing from the folder."""
        return tuple(name for name in self.files if not (data_dir / name).is_file())


_CIFAR, _NAS_BENCH_360 = "https://www.cs.toronto.edu/~kriz", "https://pde-xd.s3.amazonaws.com"

SOURCES: tuple[Source, ...] = (
    Source(
        "CIFAR-10",
        ("cifar10",),
        cifar.CIFAR10_FILES,
        (
            Download(
                f"{_CIFAR}/cifar-10-python.tar.gz",
                "cifar-10-python.tar.gz",
                "c58f30108f718f92721af3b95e74349a",
                171,
                is_archive=True,
            ),
        ),
    ),
    Source(
        "CIFAR-100",
        ("cifar100",),
        cifar.CIFAR100_FILES,
        (
            Download(
                f"{_CIFAR}/cifar-100-python.tar.gz",
                "cifar-100-python.tar.gz",
                "eb9058c3a382ffc7106e4002c42a8d85",
                169,
                is_archive=True,
            ),
        ),
    ),
    Source(
        "SVHN",
        ("svhn",),
        (svhn.FILE,),
        (
            Download(
                "http://ufldl.stanford.edu/housenumbers/train_32x32.mat",
                svhn.FILE,
                CHECKSUMS[svhn.FILE],
                182,
            ),
        ),
    ),
    Source(
        "Ninapro DB5 (NAS-Bench-360)",
        ("ninapro",),
        (ninapro.WINDOWS, ninapro.LABELS),
        tuple(
            Download(f"{_NAS_BENCH_360}/{name}", name, CHECKSUMS[name], size)
            for name, size in ((ninapro.WINDOWS, 15), (ninapro.LABELS, 1))
        ),
    ),
    Source(
        "Spherical CIFAR-100 (NAS-Bench-360)",
        ("scifar100",),
        (spherical.FILE,),
        (Download(f"{_NAS_BENCH_360}/{spherical.FILE}", spherical.FILE, None, 272),),
    ),
    Source(
        "ImageNet16",
        ("ImageNet16-120",),
        imagenet16.FILES,
        by_hand=(
            "With an account on https://image-net.org/download-images, download the training part "
            "of the images downsampled to 16×16 pixels.\n"
            "Put train_data_batch_1 … train_data_batch_10 into ImageNet16/."
        ),
    ),
    Source(
        "Taskonomy (TransNAS-Bench-101)",
        tuple(taskonomy.DOMAINS),
        (taskonomy.SPLIT, taskonomy.PERMUTATIONS, *taskonomy.SELECTIONS.values()),
        by_hand=(
            "Accept Taskonomy's terms at https://github.com/StanfordVL/taskonomy. For each "
            "building of the split, unpack the archives rgb, class_object, class_scene, normal and "
            "segment_semantic into taskonomydata_mini/<building>/<domain>/ (rename "
            "segment_semantic to segmentsemantic).\n"
            "From TransNASBench's code (https://github.com/yawen-d/TransNASBench), put the lists "
            "of the buildings (<building>.json) into taskonomydata_mini/, and the split and the "
            "tables from lib/data into transnasbench/, together with the selections of 100 and 63 "
            "classes from NASLib's naslib/utils.\n"
            "Run TransNASBench's point_info2room_layout to make room_layout/*.npy from "
            "point_info.\n"
            "The exact content of the archives is unverified; the loader names what is missing."
        ),
    ),
)
"""The datasets of all 28 benchmarks, each once."""


def sources_of(datasets: list[str]) -> list[Source]:
    """Return the sources of the named datasets, in order; all sources for an empty list.

    Raises:
        PhaseError: A name is not a dataset.
    """
    known = [name for source in SOURCES for name in source.datasets]
    for name in datasets:
        if name not in known:
            raise PhaseError(f"unknown dataset '{name}'; known datasets: {', '.join(known)}")
    return [s for s in SOURCES if not datasets or set(datasets) & set(s.datasets)]
