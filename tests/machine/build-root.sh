#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-root.sh ARCH: a clean Debian root with systemd, as a folder: a board on which axiod was never installed.
# Containers and the images of machines lie on top of it and never write to it.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
arch=${1:-$NATIVE}; architecture "$arch"
need mmdebstrap:mmdebstrap
if finished "root-$arch" "$(key "$0" "=$(packages root)")"; then exit; fi

root=$WORK/root
# shellcheck disable=SC2046
debootstrap "$arch" "$root" $(packages root)

echo board >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\tboard\n' >"$root/etc/hosts"
: >"$root/etc/machine-id"
chroot "$root" passwd -q -d root
# What would run by itself at odd times, or only costs time in a guest that lives for minutes.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-networkd-wait-online.service proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount \
    systemd-binfmt.service getty@tty1.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# Else every boot takes itself for the first one after an upgrade.
touch "$root/etc/.updated" "$root/var/.updated"
finish "$root"
