#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-prepared.sh ARCH: a layer over those of build-offline.sh and build-root.sh in which apt has installed all that
# packages/offline names, so that no container and no machine need do it. They count as installed for the sake of others,
# as they are after an installation of axiod.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
private "$@"
arch=${1:-$NATIVE}; architecture "$arch"
root=$("$here/build-root.sh" "$arch")
offline=$("$here/build-offline.sh" "$arch")
if finished "layer-$arch" "$(key "$0" "=$(packages offline)" "=$root" "=$offline")"; then exit; fi

[ "$arch" = "$NATIVE" ] || foreign "$arch"
stack "$WORK/all" "$offline" "$root"
# shellcheck disable=SC2046
inside "$WORK/all" apt-get -qq -y install $(packages offline) >&2
# shellcheck disable=SC2046
inside "$WORK/all" apt-mark -qq auto $(packages offline) >&2
cp -a "$WORK/all.ram/upper" "$WORK/layer"
umount "$WORK/all" "$WORK/all.ram"
rm -rf "$WORK/layer/tmp" "$WORK/layer/run" "$WORK/layer/proc" "$WORK/layer/dev"
finish "$WORK/layer"
