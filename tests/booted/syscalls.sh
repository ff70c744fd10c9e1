#!/usr/bin/env bash
# Whether the unit's SystemCallFilter= allows every system call that the program is seen to make. Needs strace and systemd-analyze.
#
#   tests/booted/syscalls.sh PROGRAM        e.g. target/release/hiresync
#
# Watched: both demos, and a daemon with a file and a pretend Cezanne as its targets: started, told of hires, asked and ordered
# over its socket, reloaded, ended by SIGTERM.
set -euo pipefail
program=$(realpath "${1:?"which program? e.g. $0 target/release/hiresync"}")
service=$(cd "$(dirname "$0")/../../systemd" && pwd)/hiresync.service
work=$(mktemp -d)
children=()
finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap finish EXIT

within() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || { echo "syscalls: not in time: $*" >&2; tail -n 5 "$work"/*.log >&2; exit 1; }
        sleep 0.1
    done
}

# The calls of a set of systemd's, with those of the sets in it.
set_of() {
    systemd-analyze syscall-filter "$1" | sed -n 's/^    \([@a-z0-9_-]*\).*/\1/p' | while read -r name; do
        case $name in @*) set_of "$name" ;; *) echo "$name" ;; esac
    done
}
sed -n 's/^SystemCallFilter=//p' "$service" | while read -r sets; do
    for set in ${sets#\~}; do
        case $sets in '~'*) set_of "$set" >>"$work/denied" ;; *) set_of "$set" >>"$work/granted" ;; esac
    done
done
touch "$work/denied"
comm -23 <(sort -u "$work/granted") <(sort -u "$work/denied") >"$work/allowed"

watched() { local name=$1; shift; strace -f -c -U name -o "$work/$name.calls" "$@"; }

demo() { watched "demo$1" "$program" demo "${@:2}" >"$work/demo$1.log" 2>&1 || { cat "$work/demo$1.log" >&2; exit 1; }; }
demo 1
demo 2 --target cezanne

pretend() {
    "$program" sandbox "$@" >"$work/$1.log" 2>&1 &
    children+=($!)
    within 10 grep -q '^listening on ' "$work/$1.log"
}
pretend lever --people 30 --rate 0
pretend cezanne
lever=$(sed -n 's/^listening on //p' "$work/lever.log")
echo sandbox-key >"$work/lever-api-key"
echo sandbox-secret >"$work/cezanne-secret"
{
    cat <<END
[lever]
base_url = "$lever/v1"
api_key = { credential = "lever-api-key" }
hired_since = "2020-01-01"
poll = "* * * * * *"
[state]
dir = "state"
[socket]
path = "socket"
[guards]
creates_per_cycle_max = 1000
[targets.roster]
adapter = "file-export"
path = "roster"
person = { ref = "contact", name = "name.last" }
[targets.cezanne]
adapter = "cezanne"
new_hire_administrator = "hr.ops@example.com"
calls_per_second_max = 100
client_secret = { credential = "cezanne-secret" }
END
    grep -E '^(service_root|token_url|client_id|company_code) ' "$work/cezanne.log"
} >"$work/hiresync.toml"

# As under systemd: a watchdog to feed, and somebody to be told. Nobody listens; the calls are the same.
CREDENTIALS_DIRECTORY=$work NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=3000000 \
    watched daemon "$program" run --config "$work/hiresync.toml" >"$work/daemon.log" 2>&1 &
tracer=$!
started() { daemon=$(pgrep -P "$(pgrep -P "$tracer")"); }
within 10 started
children+=("$daemon")
export HIRESYNC_SOCKET=$work/socket
# Exit code 1 is an answer, too: somebody is needed.
answers() { local code=0; "$program" "$@" >>"$work/answers.log" 2>&1 || code=$?; [ $code -le 1 ]; }
within 30 answers status
for number in 1 2 3; do
    curl -sf -X POST "$lever/sandbox/hire" -d "{\"name\": \"Pretend Person$number\"}" >"$work/hired"
done
within 60 grep -q Person3 "$work/roster/roster.csv"
for question in status people tasks parked guards history "links list" sync "pause roster" "resume roster"; do
    # shellcheck disable=SC2086
    answers $question || { echo "syscalls: no answer to $question" >&2; exit 1; }
done
kill -HUP "$daemon"
within 60 grep -q '"code":"reload"' "$work/daemon.log"
kill -TERM "$daemon"
wait "$tracer"

cat "$work"/*.calls | sed -n 's/^\([a-z][a-z0-9_]*\)$/\1/p' | grep -vxE 'total|syscall' | sort -u >"$work/seen"
comm -23 "$work/seen" "$work/allowed" >"$work/refused"
echo "$(wc -l <"$work/seen") system calls seen: $(paste -sd' ' "$work/seen")"
if [ -s "$work/refused" ]; then
    echo "REFUSED by $service: $(paste -sd' ' "$work/refused")"
    exit 1
fi
echo "all of them are among the $(wc -l <"$work/allowed") that $(basename "$service") allows"
