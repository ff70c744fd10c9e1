#!/usr/bin/env bash
# Builds the Debian package, and prints where it is.
#
#   systemd/build-deb.sh [VERSION]      without one, the version of the workspace
#
# Needs the Rust toolchain, a C compiler, dpkg-dev, and three tools: `cargo install --locked cargo-deb cargo-auditable cargo-cyclonedx`. It
# runs on the oldest Debian or Ubuntu for which the package is meant: the C library it is built with is the oldest it takes.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never
target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
made=$target/release/package

# The program carries the list of what it was built from: `cargo audit bin` reads it where it is installed.
cargo auditable build --release --locked --package hiresync
program=$target/release/hiresync
version=${1:-$("$program" --version | cut -d' ' -f2)-1}

# What the package carries beside the program, made by the program. Nothing of the builder's environment goes into it.
rm -rf "$made" && mkdir -p "$made"
"$program" man "$made/man8"
gzip -9n "$made"/man8/*
"$program" completions bash >"$made/hiresync.bash"
"$program" completions zsh >"$made/_hiresync"
"$program" completions fish >"$made/hiresync.fish"
# The same list for whoever keeps an inventory (CycloneDX). It is written beside each manifest, and not left there.
trap 'find crates adapters tests -name hiresync.cdx.json -delete' EXIT
cargo cyclonedx --quiet --format json --spec-version 1.5 --target x86_64-unknown-linux-gnu --override-filename hiresync.cdx \
    --manifest-path crates/hiresync/Cargo.toml
# Neither where it was built nor when: two builds of one commit are the same.
sed -e "s|file://$PWD|file:///hiresync|g" -e '/^  "serialNumber":/d' -e '/^    "timestamp":/d' crates/hiresync/hiresync.cdx.json |
    gzip -9n >"$made/sbom.cdx.json.gz"
day=$(date -R --utc --date="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}")
gzip -9n >"$made/changelog.Debian.gz" <<END
hiresync ($version) unstable; urgency=medium

  * What is new: /usr/share/doc/hiresync/CHANGELOG.md.gz

 -- The hiresync engineers <engineers@hiresync.invalid>  $day
END

package=$target/debian/hiresync_${version}_$(dpkg --print-architecture).deb
cargo deb --quiet --no-build --strip --package hiresync --deb-version "$version" --output "$package"
