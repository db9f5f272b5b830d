#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-image.sh ARCH: what a machine is started from, as a folder:
#   root.img            its disk (raw, sparse): the clean root, the offline repository, kernel modules, the observers
#   prepared.img        the same with all that packages/offline names installed, which an emulated machine needs minutes for
#   vmlinuz, initrd     its kernel
#   key                 lets its owner in by ssh, as root
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
private "$@"
arch=${1:-$NATIVE}; architecture "$arch"
need mke2fs:e2fsprogs ssh-keygen:openssh-client
root=$("$here/build-root.sh" "$arch")
offline=$("$here/build-offline.sh" "$arch")
prepared=$("$here/build-prepared.sh" "$arch")
kernel=$("$here/build-kernel.sh" "$arch")
tools=$("$here/build-tools.sh" "$arch")
if finished "image-$arch" "$(key "$0" "=$root $offline $prepared $kernel $tools")"; then exit; fi

out=$WORK/out all=$WORK/all
mkdir "$out"
ssh-keygen -q -t ed25519 -N '' -C harness -f "$out/key"
disk() { # NAME LAYER...: make NAME.img of layers, the topmost first
    local name=$1; shift
    stack "$all" "$@"
    install -d -m 700 "$all/root/.ssh"
    install -m 600 "$out/key.pub" "$all/root/.ssh/authorized_keys"
    echo 'UseDNS no' >"$all/etc/ssh/sshd_config.d/harness.conf"
    # The network of QEMU's user mode, where the guest is always the same one.
    printf '[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nIPv6AcceptRA=no\nLinkLocalAddressing=no\n' \
        >"$all/etc/systemd/network/50-harness.network"
    ln -sf /usr/lib/systemd/system/systemd-networkd.service "$all/etc/systemd/system/multi-user.target.wants/"
    # The serial ports that are for tests have nobody who logs in there.
    for number in 1 2 3; do ln -sf /dev/null "$all/etc/systemd/system/serial-getty@ttyS$number.service"; done
    [ "$arch" = amd64 ] || ln -sf /dev/null "$all/etc/systemd/system/serial-getty@ttyS0.service"
    echo '/dev/vda / ext4 rw,noatime 0 0' >"$all/etc/fstab"
    # An id, or every boot would be the first one of this machine, with all its units looked at anew.
    tr -d - </proc/sys/kernel/random/uuid >"$all/etc/machine-id"
    touch "$all/etc/.updated" "$all/var/.updated"
    # With a journal, as on a board: what is cut off in the middle is found again by it.
    mke2fs -q -t ext4 -m 0 -E lazy_itable_init=0,lazy_journal_init=0 -d "$all" "$out/$name.img" 2G >&2
    umount "$all" "$all.ram"
}
disk root "$tools" "$kernel/layer" "$offline" "$root"
disk prepared "$tools" "$kernel/layer" "$prepared" "$offline" "$root"
cp "$kernel/vmlinuz" "$kernel/initrd" "$kernel/version" "$out/"
finish "$out"
