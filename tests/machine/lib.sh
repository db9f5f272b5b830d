# SPDX-License-Identifier: Apache-2.0
# Sourced by the build scripts: the cache, the Debian mirror, apt for any architecture, mounts that end by themselves.
#
# Every build script prints the path of what it built, alone, on its standard output; everything else goes to standard
# error. What is built is named for a key over what it is made from, so whatever has its name is right. This file is not
# part of any key: it says where things come from and where they go, not what they are.

set -euo pipefail
shopt -s inherit_errexit

SUITE=trixie
CACHE=${AXIOD_MACHINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/axiod-machine}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
NATIVE=$(dpkg --print-architecture)
export LC_ALL=C.UTF-8
unset TMPDIR

say() { echo "axiod-machine: $*" >&2; }
die() { say "$*"; exit 1; }
need() { # COMMAND:PACKAGE...: end with the packages that are missing
    local pair missing=()
    for pair; do command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}"); done
    [ ${#missing[@]} = 0 ] || die "install these Debian packages: ${missing[*]}"
    [ "$(id -u)" = 0 ] || die "must be root"
}
architecture() { # ARCH: end unless it is one that we can build
    case $1 in amd64 | arm64 | armhf) ;; *) die "architecture $1: must be amd64, arm64 or armhf" ;; esac
}

# --- the cache

packages() { # NAME...: the packages of lists in packages/, without comments, on one line
    local name
    for name; do sed 's/#.*//' "$here/packages/$name"; done | xargs
}
key() { # FILE or =TEXT...: a short key over all of it
    local part
    for part; do case $part in =*) echo "${part#=}" ;; *) cat "$part" ;; esac; done | sha256sum | cut -c1-12
}
finished() { # NAME KEY: print what is built and succeed; else begin: sets OUT and the empty folder WORK, holds a lock
    mkdir -p "$CACHE"
    OUT=$CACHE/$1-$2
    exec 9>"$CACHE/.lock-$1"
    flock 9
    if [ -e "$OUT" ]; then echo "$OUT"; return 0; fi
    say "building $1"
    STARTED=$SECONDS
    WORK=$(mktemp -d "$CACHE/unfinished.XXXXXX")
    trap discard EXIT
    return 1
}
discard() { # whatever is mounted in the unfinished folder, and the folder, and what a killed build left long ago
    grep -o " $WORK/[^ ]*" /proc/self/mounts | tac | xargs -r umount --lazy || true
    rm -rf --one-file-system "$WORK"
    find "$CACHE" -maxdepth 1 -name 'unfinished.*' -mmin +600 -exec rm -rf --one-file-system {} +
}
finish() { # FOLDER: give what was built its name
    mv -T "$1" "$OUT"
    say "built $(basename "$OUT") in $((SECONDS - STARTED)) s"
    echo "$OUT"
}

# --- mounts. A script that mounts begins with "private": its mounts are its own and end with it.

private() { # "$@": go on in a mount namespace of our own
    [ -n "${AXIOD_MACHINE_PRIVATE:-}" ] || AXIOD_MACHINE_PRIVATE=1 exec unshare --mount --propagation private "$0" "$@"
    unset AXIOD_MACHINE_PRIVATE
}
stack() { # FOLDER LAYER...: mount layers, the topmost first, at FOLDER; what is written there is in RAM and goes away
    local at=$1; shift
    mkdir -p "$at.ram" "$at"
    mount -t tmpfs -o mode=755 tmpfs "$at.ram"
    mkdir "$at.ram/upper" "$at.ram/work"
    mount -t overlay -o "lowerdir=$(IFS=:; echo "$*"),upperdir=$at.ram/upper,workdir=$at.ram/work" overlay "$at"
}
inside() { # FOLDER COMMAND...: run a command in a root, with /proc and /dev and no network
    local root=$1; shift
    # shellcheck disable=SC2016
    unshare --mount --pid --net --fork --kill-child sh -c '
        mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' "$root" \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" 9>&-
}

# --- Debian

_uris() { # the mirrors that this machine's apt knows, in either format of sources
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '/^URIs:/ { for (i = 2; i <= NF; i++) print $i }' || true
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' || true
}
sources() { # ARCH: one-line sources, with the mirrors of this machine's own apt
    local mirror security
    mirror=${AXIOD_MACHINE_MIRROR:-$(_uris | grep -E '/debian/?$' | head -1 || true)}
    security=${AXIOD_MACHINE_SECURITY_MIRROR:-$(_uris | grep -E '/debian-security/?$' | head -1 || true)}
    [ -n "$mirror" ] || die "apt knows no Debian mirror here; set AXIOD_MACHINE_MIRROR to the URL of one"
    [ -e "$KEYRING" ] || die "install the Debian package debian-archive-keyring"
    echo "deb [signed-by=$KEYRING] $mirror $SUITE main"
    # On mirrors that are a dated copy, the other suites of armhf may not match their Release files.
    [ "$1" != armhf ] || return 0
    echo "deb [signed-by=$KEYRING] $mirror $SUITE-updates main"
    [ -z "$security" ] || echo "deb [signed-by=$KEYRING] $security $SUITE-security main"
}
side() { # ARCH apt-get|apt-cache ARGS...: run apt for an architecture; this machine's own apt is not touched
    local arch=$1 apt=$CACHE/apt-$1; shift
    mkdir -p "$apt"/{etc/apt.conf.d,etc/preferences.d,lists/partial,cache/archives/partial,log,dpkg}
    touch -a "$apt/dpkg/status"
    cat >"$apt/apt.conf" <<-END
	APT::Architecture "$arch";
	APT::Architectures { "$arch"; };
	APT::Sandbox::User "root";
	Dir::State "$apt";
	Dir::State::lists "$apt/lists";
	Dir::State::status "${APT_STATUS:-$apt/dpkg/status}";
	Dir::Cache "$apt/cache";
	Dir::Etc "$apt/etc";
	Dir::Etc::sourceparts "-";
	Dir::Log "$apt/log";
	Acquire::Languages "none";
	Acquire::Check-Valid-Until "false";
	Acquire::Check-Date "false";
	END
    sources "$arch" >"$apt/etc/sources.list.new"
    if ! cmp -s "$apt/etc/sources.list.new" "$apt/etc/sources.list" || [ -z "$(find "$apt/updated" -mmin -720 2>/dev/null)" ]; then
        mv "$apt/etc/sources.list.new" "$apt/etc/sources.list"
        APT_CONFIG=$apt/apt.conf apt-get -qq update >&2
        touch "$apt/updated"
    fi
    APT_CONFIG=$apt/apt.conf "$@"
}
debootstrap() { # ARCH FOLDER PACKAGE... [-- OPTION...]: a Debian root with these packages
    local arch=$1 folder=$2 list=(); shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do list+=("$1"); shift; done
    shift || true
    [ "$arch" = "$NATIVE" ] || foreign "$arch"
    sources "$arch" | mmdebstrap --quiet --mode=root --variant=apt --format=directory --architectures="$arch" \
        --skip=check/qemu --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
        --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-include=/usr/share/doc/*/copyright' --include="$(IFS=,; echo "${list[*]}")" "$@" \
        "$SUITE" "$folder" - >&2 9>&-
    # A board has none of this; and the man pages of what is installed later are wanted.
    rm -f "$folder"/etc/dpkg/dpkg.cfg.d/99mmdebstrap "$folder"/etc/apt/apt.conf.d/99mmdebstrap
    rm -f "$folder"/etc/apt/sources.list.d/* && : >"$folder/etc/apt/sources.list"
}
foreign() { # ARCH: let this kernel start programs of another architecture, in any root (until it reboots)
    local name files=/proc/sys/fs/binfmt_misc
    case $1 in amd64) name=x86_64 ;; arm64) name=aarch64 ;; armhf) name=arm ;; esac
    need "qemu-$name-static:qemu-user-static"
    mountpoint -q $files || mount -t binfmt_misc binfmt_misc $files
    # The flag F opens the interpreter now, so that it is found from inside any root.
    [ -e "$files/qemu-$name" ] || tr -d '\n' <"/usr/lib/binfmt.d/qemu-$name.conf" >$files/register
}
