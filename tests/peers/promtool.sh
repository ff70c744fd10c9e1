#!/usr/bin/env bash
# promtool: Prometheus' own reader and judge (Debian: prometheus). It checks what a running daemon answers to GET /metrics, on the
# socket and on the port, and that each alert rule in systemd/prometheus fires when it should and not when it should not.
# How to run it is in peer.sh.

peer=promtool
. "$(dirname "$0")/peer.sh"

command -v promtool >/dev/null || unable "there is no promtool (Debian: apt-get install prometheus)"
command -v curl >/dev/null || unable "there is no curl"

rules=$folder/../../systemd/prometheus
promtool check rules "$rules/hiresync.rules.yml"
promtool test rules "$rules/hiresync.rules.test.yml"

program=("$@")
if [ ${#program[@]} -eq 0 ]; then
    program=(cargo run --quiet --manifest-path "$folder/../../Cargo.toml" --package hiresync --)
fi
vendor=(lever --people 40 --rate 0)
start "${program[@]}"

echo sandbox-key >"$work/key"
mkdir "$work/roster"
cat >"$work/hiresync.toml" <<TOML
[lever]
base_url = "$address/v1"
api_key = { file = "key" }
hired_since = "2020-01-01"
poll = "* * * * * *"
[state]
dir = "state"
[socket]
path = "s"
[guards]
creates_per_cycle_max = 1000
[metrics]
listen = "127.0.0.1:0"
[targets.roster]
adapter = "file-export"
path = "roster"
person = { ref = "contact", first = "name.first" }
hire = { title = "posting.title" }
TOML
"${program[@]}" run --config "$work/hiresync.toml" 2>"$work/daemon" &
daemon=$!
trap 'kill "$daemon" $sandbox 2>"$work/kill" || true; wait 2>"$work/kill" || true; rm -rf "$work"' EXIT
until curl --silent --fail --unix-socket "$work/s" http://localhost/metrics >"$work/metrics" && grep -q '^hiresync_last_good_cycle' "$work/metrics"; do
    kill -0 "$daemon" 2>"$work/kill" || { cat "$work/daemon" >&2; exit 1; }
    sleep 0.1
done
promtool check metrics <"$work/metrics"
port=$(sed -n 's|.*figures for Prometheus are on \([0-9.:]*\).*|\1|p' "$work/daemon")
curl --silent --fail "http://$port/metrics" | promtool check metrics
echo "promtool: $(grep -vc '^#' "$work/metrics") samples of $(grep -c '^# TYPE' "$work/metrics") families are good, on the socket and on $port"
