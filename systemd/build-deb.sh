#!/usr/bin/env bash
# Builds the Debian package, and prints where it is.
#
#   systemd/build-deb.sh [VERSION]      without one, the version of the workspace
#
# Needs the Rust toolchain, a C compiler, dpkg-dev, and cargo-deb (`cargo install cargo-deb --locked`). It runs on the oldest
# Debian or Ubuntu for which the package is meant: the C library it is built with is the oldest it takes.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never
target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
made=$target/release/package

cargo build --release --locked --package hiresync
program=$target/release/hiresync
version=${1:-$("$program" --version | cut -d' ' -f2)-1}

# What the package carries beside the program, made by the program. Nothing of the builder's environment goes into it.
rm -rf "$made" && mkdir -p "$made"
"$program" man "$made/man8"
gzip -9n "$made"/man8/*
"$program" completions bash >"$made/hiresync.bash"
"$program" completions zsh >"$made/_hiresync"
"$program" completions fish >"$made/hiresync.fish"
day=$(date -R --utc --date="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}")
gzip -9n >"$made/changelog.Debian.gz" <<END
hiresync ($version) unstable; urgency=medium

  * What is new: /usr/share/doc/hiresync/CHANGELOG.md.gz

 -- The hiresync engineers <engineers@hiresync.invalid>  $day
END

package=$target/debian/hiresync_${version}_$(dpkg --print-architecture).deb
cargo deb --quiet --no-build --strip --package hiresync --deb-version "$version" --output "$package"
