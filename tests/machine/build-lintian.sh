#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-lintian.sh FOLDER: what lintian says of the packages that build-deb.sh left in a folder: there, in lintian.txt.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
private "$@"
folder=$(readlink -f "${1:?build-lintian.sh FOLDER}")
root=$("$here/build-builder.sh")
judge() {
    if finished opinion "$(key "$0" "=$root" "$folder"/*.changes)"; then return; fi
    stack "$WORK/all" "$root"
    mkdir "$WORK/all/build" "$WORK/out"
    cp "$folder"/*.deb "$folder"/*.dsc "$folder"/*.changes "$folder"/*.buildinfo "$folder"/*.tar.* "$WORK/all/build/"
    chroot "$WORK/all" chown -R builder: /build
    # What it found is for the reader of lintian.txt; that it found anything is no failure here, but 1 is one of its own.
    inside "$WORK/all" runuser -u builder -- sh -c 'cd /build && lintian -i -I --pedantic ./*.changes' \
        >"$WORK/out/lintian.txt" 2>&1 || [ $? = 2 ] || { cat "$WORK/out/lintian.txt" >&2; die "lintian failed"; }
    umount "$WORK/all" "$WORK/all.ram"
    finish "$WORK/out"
}
opinion=$(judge)
cp "$opinion/lintian.txt" "$folder/"
readlink -f "$folder"
