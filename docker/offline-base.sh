#!/bin/sh
# Makes a base image where no image registry can be reached: a minimal Debian with Python, from Debian's packages.
# Usage: docker/offline-base.sh [NAME]    needs root, debootstrap and a running Docker engine; takes about a minute.
set -eu
name=${1:-zcnas-base:bookworm}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=python3,python3-venv bookworm "$root"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
tar -C "$root" -c . | docker import - "$name"
