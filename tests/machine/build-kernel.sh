#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-kernel.sh ARCH: Debian's own kernel with its modules and gpio-sim, and an initrd that mounts the root.
#   vmlinuz, initrd     what QEMU is given
#   version             of the kernel
#   layer/              /usr/lib/modules/VERSION
# Debian builds no gpio-sim, but loads modules that it has not signed: the source of Debian's kernel is compiled against
# Debian's headers, all of one version. It needs irq_sim, which Debian leaves out of the kernel: it becomes a module, too.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
private "$@"
arch=${1:-$NATIVE}; architecture "$arch"
toolchain=$("$here/build-toolchain.sh" "$arch")
if finished "kernel-$arch" "$(key "$0" "$here/guest/init" "=$toolchain")"; then exit; fi
case $arch in
    amd64) flavour=amd64 family=x86 prefix=x86_64-linux-gnu- ;;
    arm64) flavour=arm64 family=arm64 prefix=aarch64-linux-gnu- ;;
    armhf) flavour=armmp family=arm prefix=arm-linux-gnueabihf- ;;
esac

depends() { side "$arch" apt-cache depends "$1" | sed -nE "s/^ *Depends: ($2)$/\1/p" | head -1; }
headers=$(depends "linux-headers-$flavour" "linux-headers-.*-$flavour")
release=${headers#linux-headers-}
plain=${release%-"$flavour"}
mkdir "$WORK/debs"
(
    cd "$WORK/debs"
    side "$arch" apt-get -qq download "linux-image-$release" "$headers" "linux-headers-$plain-common"
    # The programs that build run here, whatever they build for.
    side "$NATIVE" apt-get -qq download "linux-kbuild-$plain" linux-source-6.12
) >&2

# --- gpio-sim
stack "$WORK/all" "$toolchain"
for deb in "$WORK"/debs/linux-{headers,kbuild}-*.deb; do dpkg-deb --extract "$deb" "$WORK/all"; done
build=$WORK/all/build
mkdir -p "$build" "$WORK/source"
dpkg-deb --fsys-tarfile "$WORK"/debs/linux-source-*.deb | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
    tar -xJ -C "$WORK/source" --strip-components=1 --wildcards '*/drivers/gpio/gpio-sim.c' '*/drivers/gpio/*.h' '*/kernel/irq/irq_sim.c'
cp "$WORK/source"/drivers/gpio/* "$build/"
cp "$WORK/source/kernel/irq/irq_sim.c" "$build/irq-sim.c"
# irq_to_desc() is not for modules; generic_handle_irq() does the same look-up.
sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq(irqnum)/' "$build/irq-sim.c"
printf '\n#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("irq_sim as a module");\n' >>"$build/irq-sim.c"
# 64-bit modpost refuses the device tables of 32-bit modules; they only serve loading by device tree.
[ "$arch" != armhf ] || sed -i '/MODULE_DEVICE_TABLE/d' "$build"/*.c
echo 'obj-m := irq-sim.o gpio-sim.o' >"$build/Makefile"
inside "$WORK/all" make -s -C "/usr/src/linux-headers-$release" M=/build ARCH="$family" CROSS_COMPILE="$prefix" \
    KBUILD_MODPOST_WARN= modules >&2

# --- the kernel and its modules, without what only large machines have
mkdir -p "$WORK/image" "$WORK/out/layer/usr/lib/modules"
dpkg-deb --extract "$WORK"/debs/linux-image-*.deb "$WORK/image"
cp "$WORK/image/boot/vmlinuz-$release" "$WORK/out/vmlinuz"
echo "$release" >"$WORK/out/version"
modules=$WORK/out/layer/usr/lib/modules/$release
mv "$WORK"/image/{usr/,}lib/modules/"$release" "$WORK/out/layer/usr/lib/modules/" 2>/dev/null || [ -d "$modules" ]
rm -f "$modules/build" "$modules/source"
(
    cd "$modules/kernel"
    rm -rf sound drivers/{gpu,infiniband,scsi,ata,nvme,media,staging,message,target,isdn,md,hid,mtd,bluetooth,accel,edac} \
        drivers/net/{ethernet,wireless,wwan,usb,fddi,hamradio,dsa} net/{bluetooth,mac80211,wireless,ceph,sunrpc,tipc,rds} \
        fs/{xfs,btrfs,ocfs2,gfs2,nfs,nfsd,ceph,smb,bcachefs,f2fs,jfs,reiserfs,ubifs,afs,dlm}
)
mkdir "$modules/updates"
cp "$build/irq-sim.ko" "$build/gpio-sim.ko" "$modules/updates/"
mkdir -p "$WORK/all/layer/lib/modules"
cp -r "$modules" "$WORK/all/layer/lib/modules/"
inside "$WORK/all" depmod -b /layer "$release"
cp "$WORK/all/layer/lib/modules/$release"/modules.* "$modules/"

# --- the initrd: a shell of the architecture, the modules that a disk needs, and guest/init
initrd=$WORK/initrd
mkdir -p "$initrd"/{bin,lib,proc,sys,dev,root}
(cd "$WORK/debs" && side "$arch" apt-get -qq download busybox-static && dpkg-deb --extract busybox-static_*.deb busybox) >&2
cp "$WORK/debs/busybox/usr/bin/busybox" "$initrd/bin/busybox"
cp "$here/guest/init" "$initrd/init"
chmod 755 "$initrd/init" "$initrd/bin/busybox"
add() { # NAME: a module after all that it needs, which modules.dep lists from the top down
    local line file
    line=$(grep -E "(^|/)$1\.ko(\.xz)?:" "$modules/modules.dep") || return 0
    for file in $(echo "${line#*:}" | xargs -n1 | tac) "${line%%:*}"; do
        grep -qsx "$(basename "${file%.xz}")" "$initrd/lib/order" && continue
        basename "${file%.xz}" >>"$initrd/lib/order"
        case $file in *.xz) xz -dc "$modules/$file" ;; *) cat "$modules/$file" ;; esac >"$initrd/lib/$(basename "${file%.xz}")"
    done
}
for name in virtio_pci virtio_mmio virtio_blk crc32c_generic libcrc32c ext4; do add "$name"; done
cp -r "$initrd" "$WORK/all/initrd"
inside "$WORK/all" sh -c 'cd /initrd && find . | cpio --quiet -o -H newc' | gzip -1 >"$WORK/out/initrd"
umount "$WORK/all" "$WORK/all.ram"
finish "$WORK/out"
