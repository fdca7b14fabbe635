#!/usr/bin/env bash
# build/package/*.deb from the sources as they are committed, and lintian's word on them.
set -euo pipefail
cd "$(dirname "$0")/.."

needed=(debhelper dpkg-dev lintian fakeroot)
missing=$(comm -23 <(printf '%s\n' "${needed[@]}" | sort) \
  <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${needed[@]}" 2>/dev/null | sed -n 's/^.i. *//p' | sort))
if [ -n "$missing" ]; then
  as_root=() && [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  # shellcheck disable=SC2086
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing >/dev/null
fi
[ -z "$(git status --porcelain)" ] || echo "note: what is not committed is not packaged" >&2

out=$PWD/build/package
version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
tree=$out/symbolon-$version
rm -rf "$out"
mkdir -p "$tree"
git archive HEAD | tar -C "$tree" -x
cp -a "$tree/packaging/debian" "$tree/debian"
echo "== building symbolon $version"
(cd "$tree" && dpkg-buildpackage -b -us -uc -rfakeroot) >"$out/log" 2>&1 || { tail -n 30 "$out/log" >&2 && exit 1; }
rm -rf "$tree"
cd "$out"
echo "== lintian"
lintian --allow-root --display-info --fail-on error,warning,info ./*.changes
ls -1 ./*.deb
