#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-deb.sh OUTDIR [SUFFIX]: build the Debian packages of this source tree, as it is in the working folder (what git
# has or would take), in a clean Debian without network; leave them in OUTDIR. What is wrong with them, build-lintian.sh
# says, which takes longer. The source package is built first, and the packages are built from it. With a suffix such as
# "+1" the version gets a new entry in the changelog, 0.1.0 becoming 0.1.0+1. AXIOD_SOURCE is another source tree;
# DEB_BUILD_OPTIONS is passed on.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
private "$@"
target=${1:?build-deb.sh OUTDIR [SUFFIX]} suffix=${2:-}
source=$(readlink -f "${AXIOD_SOURCE:-$here/../..}")
need mmdebstrap:mmdebstrap git:git
[ -e "$source/debian/control" ] || die "$source has no debian/control"

# What is built from it: tests of this folder are in the source package, but change nothing in what it builds.
contents() { git -C "$source" ls-files -co --exclude-standard -z | (cd "$source" && LC_ALL=C sort -z -u | while IFS= read -r -d '' file; do
    if [ -e "$file" ] || [ -L "$file" ]; then printf '%s\0' "$file"; fi; done); }
fingerprint() { contents | grep -zv '^tests/machine/' | (cd "$source" && tar --no-recursion --mtime=@0 --owner=0 --group=0 \
    --numeric-owner --null -T - -c | sha256sum); }

root=$("$here/build-builder.sh")
build() {
    if finished packages "$(key "$0" "=$root" "=$suffix" "=${DEB_BUILD_OPTIONS:-}" "=$(fingerprint)")"; then return; fi
    stack "$WORK/all" "$root"
    mkdir -p "$WORK/all/build/tree"
    contents | (cd "$source" && tar --no-recursion --owner=0 --group=0 --null -T - -c) | tar -C "$WORK/all/build/tree" -x
    cp "$here/guest/package.sh" "$WORK/all/build/"
    chroot "$WORK/all" chown -R builder: /build
    inside "$WORK/all" runuser -u builder -- env HOME=/home/builder "DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS:-}" \
        sh /build/package.sh "$suffix" >"$WORK/build.log" 2>&1 ||
        { tail -60 "$WORK/build.log" >&2; die "the package cannot be built"; }
    mkdir "$WORK/out"
    cp "$WORK/all"/build/out/* "$WORK/build.log" "$WORK/out/"
    umount "$WORK/all" "$WORK/all.ram"
    finish "$WORK/out"
}
built=$(build)
mkdir -p "$target"
rm -f "$target"/*.deb
cp "$built"/* "$target/"
readlink -f "$target"
