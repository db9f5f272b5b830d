#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-offline.sh ARCH: a layer over the root of build-root.sh with an apt repository at /srv/offline, in which apt
# finds all that packages/offline and packages/peers name and what that needs, and with apt's lists of it already read.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
private "$@"
arch=${1:-$NATIVE}; architecture "$arch"
need mmdebstrap:mmdebstrap dpkg-scanpackages:dpkg-dev
root=$("$here/build-root.sh" "$arch")
if finished "offline-$arch" "$(key "$0" "=$(packages offline peers)" "=$root")"; then exit; fi

layer=$WORK/layer folder=$WORK/layer/srv/offline
mkdir -p "$folder/partial" "$layer/etc/apt"
# apt itself says what is missing in the root.
export APT_STATUS=$root/var/lib/dpkg/status
# shellcheck disable=SC2046
side "$arch" apt-get -qq -y --download-only -o Dir::Cache::archives="$folder" -o Debug::NoLocking=1 \
    install $(packages offline peers) >&2
rm -rf "$folder/partial" "$folder/lock"
(cd "$folder" && dpkg-scanpackages --multiversion . 2>/dev/null >Packages)
echo "deb [trusted=yes] file:/srv/offline ./" >"$layer/etc/apt/sources.list"
# axiod recommends them, but with them each guest would take longer, and its interfaces would not be left to the tests.
mkdir -p "$layer/etc/apt/preferences.d"
printf 'Package: network-manager avahi-daemon bind9-dnsutils lldpd wpasupplicant\nPin: release *\nPin-Priority: -1\n' >"$layer/etc/apt/preferences.d/without-recommended"

# The guest's own apt reads it, so that no guest has to.
[ "$arch" = "$NATIVE" ] || foreign "$arch"
stack "$WORK/all" "$layer" "$root"
inside "$WORK/all" apt-get -qq update >&2
mkdir -p "$layer/var/lib/apt"
cp -a "$WORK/all/var/lib/apt/lists" "$layer/var/lib/apt/"
umount "$WORK/all" "$WORK/all.ram"
finish "$layer"
