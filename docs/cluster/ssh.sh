#!/usr/bin/env bash
# Starts CORES workers on each host over ssh and stops them when this script ends.
#   docs/cluster/ssh.sh tls://organiser:8786 CORES FOLDER HOST…
# FOLDER is this repository on every host, installed with `make install` and the extra `cluster`, and with the image built
# (`make image`). The certificates are in ~/zcnas-tls on every host, or in the folder named by TLS=. SSH= can set the ssh
# command with its options.
set -euo pipefail
address=$1 cores=$2 folder=$3
shift 3
tls=${TLS:-\$HOME/zcnas-tls}  # expanded on the host
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT INT TERM
for host in "$@"; do
    # -tt: the workers end with the connection.
    ${SSH:-ssh} -tt "$host" "
        export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=$tls/ca.pem
        export DASK_DISTRIBUTED__COMM__TLS__WORKER__CERT=$tls/cert.pem
        export DASK_DISTRIBUTED__COMM__TLS__WORKER__KEY=$tls/key.pem
        cd '$folder' && exec .venv/bin/dask worker '$address' --nworkers $cores --nthreads 1 --dashboard-address 127.0.0.1:0
    " < /dev/null &
done
wait
