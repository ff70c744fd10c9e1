#!/usr/bin/env bash
# tap-lever: the Singer tap that data warehouses read Lever with (https://pypi.org/project/tap-lever/).
# How to run it is in peer.sh.

peer=tap_lever
. "$(dirname "$0")/peer.sh"

install
start "$@"
compare
