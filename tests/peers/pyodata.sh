#!/usr/bin/env bash
# pyodata: SAP's client of OData v2 (https://pypi.org/project/pyodata/), which a service of v3 answers, too.
# How to run it is in peer.sh.

peer=pyodata
. "$(dirname "$0")/peer.sh"

install
for variant in v2 description code; do
    echo "variant $variant"
    vendor=(cezanne --metadata "$variant" --staff 200 --page-size 30)
    start "$@"
    compare
    stop
done
