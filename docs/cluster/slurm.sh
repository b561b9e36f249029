#!/bin/bash
#SBATCH --job-name=zcnas --array=1-20 --cpus-per-task=1 --mem=6G --time=08:00:00
#SBATCH --signal=B:TERM@30 --open-mode=append
# All parts of a run: `sbatch slurm.sh SUBMISSIONS PHASE OUT [OPTIONS]`, again for what a time limit ended; at last
# `zcnas merge OUT/part-* --out OUT/all` where the accuracies are. ZCNAS names the command if it is not on PATH.
set -eu
submissions=$1 phase=$2 out=$3
shift 3
part=$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT
exec "${ZCNAS:-zcnas}" score "$submissions" --phase "$phase" --part "$part" --out "$out/part-$SLURM_ARRAY_TASK_ID" "$@"
