#!/usr/bin/env bash
# Airbyte's source for Lever, as they released it (https://pypi.org/project/airbyte-source-lever-hiring/): a manifest
# that their development kit interprets. The manifest stays in the installed package.
# How to run it is in peer.sh.

peer=airbyte_lever
. "$(dirname "$0")/peer.sh"

install
start "$@"
compare
