#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-toolchain.sh ARCH: a Debian root, of this machine's own architecture, that compiles for ARCH.
here=$(dirname "$(readlink -f "$0")"); . "$here/lib.sh"
arch=${1:-$NATIVE}; architecture "$arch"
need mmdebstrap:mmdebstrap
case $arch in
    "$NATIVE") cross=() ;;
    amd64) cross=(gcc-x86-64-linux-gnu libc6-dev-amd64-cross) ;;
    arm64) cross=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
    armhf) cross=(gcc-arm-linux-gnueabihf libc6-dev-armhf-cross) ;;
esac
if finished "toolchain-$arch" "$(key "$0" "=$(packages toolchain)")"; then exit; fi
# shellcheck disable=SC2046
debootstrap "$NATIVE" "$WORK/root" $(packages toolchain) "${cross[@]}"
finish "$WORK/root"
