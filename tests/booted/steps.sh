#!/usr/bin/env bash
# The steps, inside the booted Debian. Each prints its figure, and the first that fails ends it all. run.sh starts this.
set -euo pipefail
shopt -s inherit_errexit
unit=hiresync.service
roster=/srv/hiresync/roster/roster.csv
lever=http://127.0.0.1:8480
config=/etc/hiresync/hiresync.toml
dropin=/etc/systemd/system/$unit.d/booted.conf
export NO_COLOR=1 LC_ALL=C.UTF-8

exec 3>&1
number=0
step() { number=$((number + 1)) title=$1 begun=$EPOCHREALTIME; }
passed() { awk -v n="$number" -v t="$title" -v a="$begun" -v b="$EPOCHREALTIME" -v f="${1:-}" \
    'BEGIN { printf "%2d  %5.1f s  %s%s\n", n, b - a, t, f == "" ? "" : ": " f }'; }
fail() { { echo "$number  FAILED: $title: $1"; systemctl status "$unit" --no-pager -n 30 || true; } >&3 2>&1; exit 1; }
must() { "$@" || fail "$*"; }
must_not() { ! "$@" >/dev/null 2>&1 || fail "it should not: $*"; }
must_end() { local want=$1 code=0; shift; "$@" >/booted/answer 2>&1 || code=$?; [ "$code" = "$want" ] || fail "$* ended with $code, not $want: $(cat /booted/answer)"; }
# Waits until a condition holds, at most so many seconds.
within() {
    local seconds=$1 end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "not within $seconds s: $*"
        sleep 0.05
    done
}
as() { local user=$1; shift; runuser -u "$user" -- "$@"; }
shows() { systemctl show "$unit" --property="$1" --value; }
pid() { shows MainPID; }
is() { [ "$(shows "$1")" = "$2" ]; }
is_another() { local now; now=$(pid); [ "$now" != 0 ] && [ "$now" != "$1" ] && is ActiveState active; }
# Lines of the journal since a moment that contain a text.
logged() { journalctl --no-pager -q --since "@${begun%.*}" "${@:2}" | grep -qF -- "$1"; }
rows() { as reader tail -n +2 "$roster" | wc -l; }
# Hires (the last column) that have more than one row.
doubled() { as reader tail -n +2 "$roster" | awk -F, '{ print $NF }' | sort | uniq -d | wc -l; }
# What an admin runs beside the daemon.
with_secrets() { /usr/lib/hiresync/with-secrets "$@" >/booted/answer 2>&1 || { cat /booted/answer >&3; return 1; }; }
hires=0
# A recruiter hires somebody; Lever's id of the hire is remembered.
hire() {
    hires=$((hires + 1))
    curl -sf -X POST "$lever/sandbox/hire" -d "{\"name\": \"Pretend Person$hires\"}" >/booted/hired
}
has_row() { as reader grep -q "Person$1" "$roster"; }
arrives() { hire; within "$1" has_row "$hires"; }
with() { mkdir -p "${dropin%/*}"; printf '%s\n' "$@" >"$dropin"; systemctl daemon-reload; }
without() { rm -f "$dropin"; systemctl daemon-reload; }
settle() { systemctl reset-failed "$unit" 2>/dev/null || true; systemctl restart "$unit"; }
score() { systemd-analyze security --no-pager "$unit" 2>/dev/null | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p'; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a <= b) }'; }

step "installed, not configured: nothing runs, nothing fails"
must dpkg -i /booted/1.deb >/booted/dpkg 2>&1
must grep -q "not configured yet" /booted/dpkg
must systemctl start "$unit"
must is ActiveState inactive
must [ "$(systemctl is-enabled "$unit")" = disabled ]
must [ "$(stat -c '%a %U:%G' /srv/hiresync)" = "2750 hiresync:hiresync-export" ]
must [ "$(systemctl is-enabled hiresync-backup.timer)" = disabled ]
must test -s /usr/share/man/man8/hiresync-status.8.gz
must [ -z "$(systemctl --failed --no-legend)" ]
passed "$(hiresync --version), systemd $(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p')"

useradd --groups hiresync asker
useradd --groups hiresync-export reader
useradd stranger
systemd-run --quiet --unit=pretend-lever --property=DynamicUser=yes /usr/bin/hiresync sandbox lever --listen "${lever#http://}" --people 12 --rate 0
within 10 curl -sf "$lever/sandbox/figures"
cp /booted/hiresync.toml "$config"
(umask 077; echo sandbox-key >/etc/hiresync/lever-api-key)

step "a program that never says READY is never active"
with '[Service]' 'ExecStart=' 'ExecStart=/bin/sleep 60' 'TimeoutStartSec=2s' 'Restart=no'
must_not systemctl start "$unit"
must is Result timeout
without
systemctl reset-failed "$unit"
passed

step "started: active after READY, and the socket answers at once"
must systemctl enable --now --quiet "$unit"
must as asker hiresync status >/booted/status
within 20 test -s "$roster"
must with_secrets hiresync plan --config "$config" --out /booted/plan
passed "STATUS=$(shows StatusText)"

step "the group hiresync may ask and not order; others may do neither"
must_end 77 as asker hiresync sync
must_end 77 as stranger hiresync status
must [ "$(as asker curl -s -o /dev/null -w '%{http_code}' -X POST --unix-socket /run/hiresync/hiresync.sock http://localhost/v1/sync)" = 403 ]
must_end 0 hiresync sync
must_not as stranger ls /var/lib/hiresync
must_not as asker ls /var/lib/hiresync
passed

step "a hire arrives, where HR's group reads it and others do not"
arrives 20
must_not as stranger cat "$roster"
must_not as asker cat "$roster"
passed "$(rows) rows, mode $(stat -c '%a %G' "$roster")"

step "kill -9: started again, goes on, nobody doubled"
old=$(pid)
must kill -9 "$old"
within 30 is_another "$old"
arrives 20
must [ "$(doubled)" = 0 ]
passed "$(shows NRestarts) restart, $(rows) rows"

step "a process that hangs is killed by the watchdog and started again"
with '[Service]' 'WatchdogSec=3s' 'TimeoutAbortSec=1s' 'RestartSec=100ms'
must systemctl restart "$unit"
old=$(pid)
must kill -STOP "$old"
within 40 is_another "$old"
must logged "Watchdog timeout"
without
must systemctl restart "$unit"
arrives 20
must [ "$(doubled)" = 0 ]
passed

step "reload: a faulty configuration is refused and named, a good one is in force; the process stays"
old=$(pid)
sed -i 's/^last_name/last_nmae = "name.lsat"\n&/' "$config"
must systemctl reload "$unit"
within 10 logged "name.lsat" -u "$unit"
must is ActiveState active
arrives 20
cp /booted/hiresync.toml "$config"
sed -i 's/^last_name .*/&\nfirst_name = "name.first"/' "$config"
must systemctl reload "$unit"
has_column() { as reader head -n 1 "$roster" | grep -q first_name; }
within 20 has_column
must [ "$(pid)" = "$old" ]
passed

step "the key encrypted on disk, by one command"
must /usr/lib/hiresync/encrypt lever-api-key >/booted/encrypt
must_not test -e /etc/hiresync/lever-api-key
must_not grep -q sandbox-key /etc/hiresync/lever-api-key.encrypted
must systemctl restart "$unit"
arrives 20
must with_secrets hiresync plan --config "$config" --out /booted/plan
passed "mode $(stat -c %a /etc/hiresync/lever-api-key.encrypted)"

step "a crash loop stops, and OnFailure says so at priority crit"
with '[Unit]' 'StartLimitIntervalSec=30s' 'StartLimitBurst=3' '[Service]' 'ExecStart=' 'ExecStart=/bin/false' 'RestartSec=100ms'
must_not systemctl restart "$unit"
within 30 logged "is not started again" -p crit -t hiresync
must is ActiveState failed
passed "$(shows NRestarts) restarts"
without

step "what only a human mends is not tried again: a faulty configuration at start"
sed -i 's/^poll/pole/' "$config"
must_not settle
within 30 logged "is not started again" -p crit -t hiresync
must is ExecMainStatus 78
must is NRestarts 0
cp /booted/hiresync.toml "$config"
must settle
arrives 20
passed

step "exposure as shipped"
exposure=$(score)
must at_most "$exposure" 1.1
passed "$exposure"

step "strict.conf: its own root and one address, and a hire arrives"
sed 's/192\.0\.2\.10/127.0.0.1/g' /usr/share/doc/hiresync/examples/strict.conf >/etc/systemd/system/$unit.d/strict.conf
systemctl daemon-reload
must systemctl restart "$unit"
arrives 20
exposure=$(score)
must at_most "$exposure" 0.9
must test -d /var/lib/dpkg
must_not nsenter --target "$(pid)" --mount --root test -e /var/lib/dpkg
must_not logged "was copied" -u "$unit"
rm /etc/systemd/system/$unit.d/strict.conf
systemctl daemon-reload
must systemctl restart "$unit"
passed "$exposure"

step "a backup by the timer's unit, beside the daemon"
if hiresync state export --help >/booted/answer 2>&1; then
    must systemctl start hiresync-backup.service
    passed "$(cd /var/backups/hiresync && stat -c '%n %s bytes, mode %a' state-*)"
else
    echo "$number  LEFT OUT: this hiresync has no \`state export\`"
fi

step "an upgrade restarts the daemon, and the state is kept"
old=$(pid) before=$(rows)
must dpkg -i /booted/2.deb >/booted/dpkg 2>&1
must is_another "$old"
arrives 20
must [ "$(rows)" = $((before + 1)) ]
must [ "$(doubled)" = 0 ]
passed "$(dpkg-query -W -f '${Version}' hiresync)"

step "a downgrade restarts nothing by itself"
old=$(pid)
must dpkg -i /booted/1.deb >/booted/dpkg 2>&1
must grep -q "older than what runs" /booted/dpkg
must [ "$(pid)" = "$old" ]
must systemctl restart "$unit"
passed

step "an upgrade that refuses the configuration leaves the old process running"
old=$(pid)
sed -i 's/^poll/pole/' "$config"
must dpkg -i /booted/2.deb >/booted/dpkg 2>&1
must grep -q "refuses the configuration" /booted/dpkg
must [ "$(pid)" = "$old" ]
cp /booted/hiresync.toml "$config"
arrives 20
must systemctl restart "$unit"
passed

step "removed and installed again: the state was kept, nobody doubled"
before=$(rows) last=$(pid)
must dpkg --remove hiresync >/booted/dpkg 2>&1
must_not kill -0 "$last"
must test -d /var/lib/hiresync
hire
must dpkg -i /booted/2.deb >/booted/dpkg 2>&1
must systemctl start "$unit"
within 20 has_row "$hires"
must [ "$(rows)" = $((before + 1)) ]
must [ "$(doubled)" = 0 ]
passed "$(rows) rows"

step "SIGTERM: gone within five seconds"
must systemctl stop "$unit"
must is Result success
took=$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f", b - a }')
must at_most "$took" 5
passed "$took s"

step "purged: state, configuration and secrets are gone, HR's exports stay"
must dpkg --purge hiresync >/booted/dpkg 2>&1
for gone in /var/lib/hiresync /etc/hiresync /etc/systemd/system/$unit.d /usr/bin/hiresync /etc/systemd/system/multi-user.target.wants/$unit; do
    must_not test -e "$gone"
done
must test -s "$roster"
must grep -q "/srv/hiresync stays" /booted/dpkg
must [ -z "$(find / -xdev -name '*hiresync*' -not -path '/proc/*' -not -path '/booted/*' -not -path '/srv/*' -not -path '/var/backups/*' -not -path '/run/*' -not -path '/tmp/*' -not -path '/var/log/*' 2>/dev/null | tee /booted/left)" ]
passed

# No name of a pretend person in the journal: ids and codes only.
step "the journal names nobody"
must_not grep -q "Person[0-9]" <(journalctl --no-pager)
passed "$(journalctl --no-pager -q | wc -l) lines"
