"""Dask deployments configured for a run: one function per type of cluster.

Each returns a Dask cluster; ``docs/cluster.md`` explains how to use it. Adapt cores, memory, queue
and folders to your site. ``python docs/cluster/deployments.py slurm`` prints what would be
submitted.
"""

from __future__ import annotations

import sys
from typing import Any

SCHEDULER_IN_KUBERNETES = "tls://zcnas-scheduler:8786"
PROLOGUE = [
    "export ZCNAS_LOCKS=/var/tmp/zcnas-locks",  # one folder for all jobs of a node
    "export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=$HOME/zcnas-tls/ca.pem",
    "export DASK_DISTRIBUTED__COMM__TLS__WORKER__CERT=$HOME/zcnas-tls/cert.pem",
    "export DASK_DISTRIBUTED__COMM__TLS__WORKER__KEY=$HOME/zcnas-tls/key.pem",
]


def slurm(security: Any) -> Any:
    """Return a Slurm cluster: each job has one core, one worker and one submission at a time."""
    from dask_jobqueue import SLURMCluster

    return SLURMCluster(
        queue="normal",
        cores=1,
        processes=1,
        memory="10GB",
        walltime="24:00:00",
        nanny=False,
        security=security,
        shared_temp_directory="/tmp",
        job_script_prologue=PROLOGUE,
        scheduler_options={"dashboard_address": "127.0.0.1:8787"},
        worker_extra_args=["--dashboard-address", "127.0.0.1:0"],
    )


def pbs(security: Any) -> Any:
    """Return a PBS cluster with the same configuration."""
    from dask_jobqueue import PBSCluster

    return PBSCluster(
        queue="normal",
        cores=1,
        processes=1,
        memory="10GB",
        walltime="24:00:00",
        nanny=False,
        security=security,
        shared_temp_directory="/tmp",
        job_script_prologue=PROLOGUE,
        scheduler_options={"dashboard_address": "127.0.0.1:8787"},
        worker_extra_args=["--dashboard-address", "127.0.0.1:0"],
    )


def kubernetes(image: str, workers: int) -> dict[str, Any]:
    """Return the manifest of a Dask cluster on Kubernetes, for ``kubectl apply -f``.

    A pod starts containers through its node's engine, so it mounts the engine's socket and a folder
    for temporary files from the node, the folder under the same path; locks in it prevent two pods
    on a node from using the same CPU. The certificates are the secret ``zcnas-tls``.

    Args:
        image: An image with this package and the extra ``cluster``.
        workers: Number of worker pods.
    """
    from dask_kubernetes.operator import make_cluster_spec

    prefix = "DASK_DISTRIBUTED__COMM__TLS__"
    environment = {
        "TMPDIR": "/var/lib/zcnas",
        "ZCNAS_LOCKS": "/var/lib/zcnas/locks",
        f"{prefix}CA_FILE": "/tls/ca.pem",
        **{f"{prefix}{role}__CERT": "/tls/cert.pem" for role in ("SCHEDULER", "WORKER", "CLIENT")},
        **{f"{prefix}{role}__KEY": "/tls/key.pem" for role in ("SCHEDULER", "WORKER", "CLIENT")},
    }
    spec: dict[str, Any] = make_cluster_spec(
        name="zcnas",
        image=image,
        n_workers=workers,
        env=environment,
        scheduler_service_type="ClusterIP",
        worker_command=["dask", "worker", SCHEDULER_IN_KUBERNETES, "--nthreads", "1", "--no-nanny"],
        resources={"requests": {"cpu": "1"}, "limits": {"cpu": "1", "memory": "10Gi"}},
    )
    scheduler, worker = spec["spec"]["scheduler"]["spec"], spec["spec"]["worker"]["spec"]
    scheduler["containers"][0]["args"] = ["dask", "scheduler", "--protocol", "tls"]
    folders = {"engine": "/var/run/docker.sock", "temporary": "/var/lib/zcnas"}
    for pod, mounted in ((scheduler, {}), (worker, folders)):
        pod["volumes"] = [
            {"name": "tls", "secret": {"secretName": "zcnas-tls"}},
            *({"name": name, "hostPath": {"path": path}} for name, path in mounted.items()),
        ]
        pod["containers"][0]["volumeMounts"] = [
            {"name": "tls", "mountPath": "/tls", "readOnly": True},
            *({"name": name, "mountPath": path} for name, path in mounted.items()),
        ]
    return spec


def main() -> None:
    """Print what would be submitted to one type of cluster."""
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    if kind == "kubernetes":
        import yaml

        print(yaml.safe_dump(kubernetes("registry.example/zcnas:0.2.0", 20)))
    elif kind in ("slurm", "pbs"):
        from distributed import Security

        cluster = {"slurm": slurm, "pbs": pbs}[kind](Security.temporary())  # type: ignore[no-untyped-call]
        print(cluster.job_script())
        cluster.close()
    else:
        sys.exit(f"unknown cluster {kind!r}; choose slurm, pbs or kubernetes")


if __name__ == "__main__":
    main()
