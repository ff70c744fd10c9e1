#!/usr/bin/env bash
# python-odata: a client of OData v4 (https://pypi.org/project/python-odata/).
# How to run it is in peer.sh.

peer=python_odata
. "$(dirname "$0")/peer.sh"

install
vendor=(cezanne --metadata v4 --staff 200 --page-size 30)
start "$@"
compare
