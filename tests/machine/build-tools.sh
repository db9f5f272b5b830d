#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-tools.sh ARCH: a layer with the observers of guest/*.c, linked statically, and the maker of chips.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
private "$@"
arch=${1:-$NATIVE}; architecture "$arch"
toolchain=$("$here/build-toolchain.sh" "$arch")
if finished "tools-$arch" "$(key "$0" "$here"/guest/lines-* "=$toolchain")"; then exit; fi
case $arch in amd64) cc=x86_64-linux-gnu-gcc ;; arm64) cc=aarch64-linux-gnu-gcc ;; armhf) cc=arm-linux-gnueabihf-gcc ;; esac
stack "$WORK/all" "$toolchain"
mkdir -p "$WORK/all/src" "$WORK/layer/usr/local/bin"
cp "$here"/guest/*.c "$WORK/all/src/"
for file in "$here"/guest/*.c; do
    name=$(basename "$file" .c)
    inside "$WORK/all" "$cc" -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "/src/$name" "/src/$name.c" >&2
    cp "$WORK/all/src/$name" "$WORK/layer/usr/local/bin/"
done
units=$WORK/layer/etc/systemd/system
mkdir -p "$WORK/layer/usr/local/sbin" "$units/sysinit.target.wants"
install -m 755 "$here/guest/lines-chip" "$WORK/layer/usr/local/sbin/"
install -m 644 "$here/guest/lines-chip.service" "$units/"
ln -s ../lines-chip.service "$units/sysinit.target.wants/"
umount "$WORK/all" "$WORK/all.ram"
finish "$WORK/layer"
