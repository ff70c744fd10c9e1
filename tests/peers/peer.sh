# What the peers have in common. Sourced by them, with their name in $peer; not run.
#
# A peer is a client that other people wrote, released and ran against the real thing: of Lever's API, or of OData, which
# Cezanne HR speaks. It reads the pretend vendor, and what it makes of it is compared record for record with a plain reading,
# or with what is true there. So the pretend vendor is not only what we believe the real one to be.
#
#   tests/peers/<peer>.sh [path of hiresync]      without a path, cargo builds and runs it
#
#   HIRESYNC_PEERS=optional     without python3 or the package registry: say so and exit 0, instead of 1
#   HIRESYNC_PEERS_VENV=DIR     keep what was installed there; otherwise it goes into a temporary folder
#
# The versions of the clients and of all they need are in <peer>.txt, for Python 3.11. None of it comes into the project.

set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
sandbox=
trap '[ -z "$sandbox" ] || kill "$sandbox" 2>"$work/kill" || true; rm -rf "$work"' EXIT

unable() {
    echo "$peer: LEFT OUT: $1" >&2
    [ "${HIRESYNC_PEERS:-}" = optional ] && exit 0
    exit 1
}

# Installs the client; $python is the interpreter that has it.
install() {
    local venv=${HIRESYNC_PEERS_VENV:-$work}/$peer
    python=$venv/bin/python
    command -v python3 >/dev/null || unable "there is no python3"
    [ -x "$python" ] || python3 -m venv "$venv" >"$work/venv" 2>&1 || unable "python3 makes no virtual environment"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$folder/$peer.txt" >"$work/pip" 2>&1 ||
        unable "the client cannot be installed: $(tail -n 1 "$work/pip")"
}

# Starts the pretend vendor of "${vendor[@]}", without one a pretend Lever of 200 candidacies; $address is where.
vendor=(lever --people 200 --rate 0)
start() {
    local program=("$@")
    if [ ${#program[@]} -eq 0 ]; then
        program=(cargo run --quiet --manifest-path "$folder/../../Cargo.toml" --package hiresync --)
    fi
    # Whatever the one before said is not to be taken for what this one says.
    : >"$work/said"
    "${program[@]}" sandbox "${vendor[@]}" >"$work/said" 2>"$work/complaints" &
    sandbox=$!
    until address=$(sed -n 's/^listening on //p' "$work/said") && [ -n "$address" ]; do
        kill -0 "$sandbox" 2>"$work/kill" || { cat "$work/complaints" >&2; exit 1; }
        sleep 0.1
    done
}

stop() {
    kill "$sandbox" && wait "$sandbox" || true
    sandbox=
}

# Runs the client and compares. What it says of itself is shown only if it failed.
compare() {
    if ! "$python" "$folder/read_with_$peer.py" "$address" "$work" 2>"$work/log"; then
        tail -n 30 "$work/log" >&2
        exit 1
    fi
}
