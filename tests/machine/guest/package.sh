# SPDX-License-Identifier: Apache-2.0
# Run by build-deb.sh in the build root, as an ordinary user: package.sh SUFFIX builds /build/tree into /build/out.
set -eu
suffix=$1
cd /build/tree
name=$(dpkg-parsechangelog -S Source)
version=$(dpkg-parsechangelog -S Version)
if [ -n "$suffix" ]; then
    # The Debian revision, if there is one, stays behind the suffix.
    case $version in *-*) new=${version%-*}$suffix-${version##*-} ;; *) new=$version$suffix ;; esac
    {
        printf '%s (%s) unstable; urgency=medium\n\n  * Rebuilt for a test of upgrades.\n\n -- %s  %s\n\n' \
            "$name" "$new" "$(dpkg-parsechangelog -S Maintainer)" "$(dpkg-parsechangelog -S Date)"
        cat debian/changelog
    } >/build/changelog
    cp /build/changelog debian/changelog
    version=$new
fi

echo "== the source package"
if grep -qs quilt debian/source/format; then
    upstream=${version#*:}
    tar --exclude=./debian --transform "s,^\.,$name-${upstream%-*}," -C /build/tree -czf "/build/${name}_${upstream%-*}.orig.tar.gz" .
fi
dpkg-buildpackage -us -uc -S -d

echo "== the packages, from the source package"
cd /build
dpkg-source --extract ./*.dsc /build/again
cd /build/again
dpkg-buildpackage -us -uc -b

cd /build
mkdir out
mv ./*.deb ./*.dsc ./*.changes ./*.buildinfo ./*.tar.* out/
