#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-builder.sh: a Debian root in which the packages of this source tree, or of AXIOD_SOURCE, can be built and judged.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
source=$(readlink -f "${AXIOD_SOURCE:-$here/../..}")
need mmdebstrap:mmdebstrap

# Whatever else changes in the source, this needs to be built only once.
requires() { awk '/^[^ \t#]/ { on = tolower($1) ~ /^build-(depends|conflicts)/ } /^$/ { exit } on' "$source/debian/control"; }
if finished "builder-$NATIVE" "$(key "=$(packages build)" "=$(requires)" "=2")"; then exit; fi
# shellcheck disable=SC2046
debootstrap "$NATIVE" "$WORK/root" $(packages build) -- \
    --customize-hook="mkdir \"\$1/src\" && cp -r '$source/debian' \"\$1/src/\"" \
    --customize-hook='chroot "$1" apt-get -qq -y --no-install-recommends build-dep /src >/dev/null && rm -r "$1/src"' \
    --customize-hook='chroot "$1" useradd --create-home builder'
finish "$WORK/root"
