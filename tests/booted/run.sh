#!/usr/bin/env bash
# Boots a Debian with systemd in it, installs the package there, and shows what README.md here lists. As root, on Debian or Ubuntu.
#
#   tests/booted/run.sh [PACKAGE.deb]       without one, systemd/build-deb.sh builds it
#
#   HIRESYNC_BOOTED_CACHE=DIR    where the Debian is kept that a run copies (default /var/tmp/hiresync-booted)
#   HIRESYNC_BOOTED_SUITE=NAME   which Debian (default bookworm)
#   HIRESYNC_BOOTED_MIRROR=URL   from where (default http://deb.debian.org/debian)
#   HIRESYNC_BOOTED_KEEP=1       keep the folder of the run
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
suite=${HIRESYNC_BOOTED_SUITE:-bookworm}
cache=${HIRESYNC_BOOTED_CACHE:-/var/tmp/hiresync-booted}
mirror=${HIRESYNC_BOOTED_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" = 0 ] || { echo "booted: needs root, for systemd-nspawn" >&2; exit 1; }

missing=()
command -v debootstrap >/dev/null || missing+=(debootstrap debian-archive-keyring)
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

package=${1:-$("$here/../../systemd/build-deb.sh" | tail -n 1)}
[ -r "$package" ] || { echo "booted: there is no package $package" >&2; exit 1; }

# The Debian, made once. It appears under its name when it is whole.
root=$cache/$suite
if [ ! -d "$root" ]; then
    echo "booted: makes a Debian ($suite) in $root, this once"
    mkdir -p "$cache"
    rm -rf "$root.part"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,curl,ca-certificates \
        "$suite" "$root.part" "$mirror" >"$cache/debootstrap.log" 2>&1 || { tail "$cache/debootstrap.log" >&2; exit 1; }
    mv "$root.part" "$root"
fi

work=$(mktemp -d "$cache/run.XXXXXX")
container=
finish() {
    if [ -n "$container" ]; then kill "$container" 2>/dev/null || true; wait "$container" || true; fi
    [ -n "${HIRESYNC_BOOTED_KEEP:-}" ] && echo "booted: kept $work" || rm -rf --one-file-system "$work"
}
trap finish EXIT

cp -a --reflink=auto "$root" "$work/root"
booted=$work/root/booted
mkdir "$booted"
cp "$here/steps.sh" "$here/hiresync.toml" "$booted/"
cp "$package" "$booted/1.deb"
# The same package as a higher version.
dpkg-deb --raw-extract "$package" "$work/next"
sed -i 's/^Version: .*/&+booted/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group -Znone --build "$work/next" "$booted/2.deb" >"$work/dpkg-deb.log"
echo booted >"$work/root/etc/hostname"
cat >"$work/root/etc/systemd/system/booted.service" <<'END'
[Unit]
Description=The steps
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/booted/steps.sh >/booted/said 2>&1; echo $? >/booted/code; journalctl --no-pager -o short-monotonic >/booted/journal; systemctl poweroff'
[Install]
WantedBy=default.target
END
mkdir -p "$work/root/etc/systemd/system/default.target.wants"
ln -s ../booted.service "$work/root/etc/systemd/system/default.target.wants/"
: >"$booted/said"

# Where systemd runs this machine, it is told of the container; elsewhere there is nobody to tell.
alone=()
[ -d /run/systemd/system ] || alone=(--register=no --keep-unit)
begun=$(date +%s)
# A container's console is a terminal; script(1) is one for a script that has none. With a network of its own, nothing gets out.
script -qec "systemd-nspawn --quiet --boot --private-network ${alone[*]} -M ${work##*/} -D $work/root" "$work/console" \
    </dev/null >"$work/script" 2>&1 &
container=$!
# What the steps say, as they say it, until the container is gone.
tail -n +1 -f --pid="$container" "$booted/said" || true
wait "$container" || true
container=
code=$(cat "$booted/code" 2>/dev/null || echo none)
if [ "$code" != 0 ]; then
    HIRESYNC_BOOTED_KEEP=1
    [ "$code" != none ] || tail -n 20 "$work/console" "$work/script" >&2
    echo "booted: FAILED; journal, console and root are in $work" >&2
    exit 1
fi
echo "booted: all steps, $(($(date +%s) - begun)) s from boot to power-off"
