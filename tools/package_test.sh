#!/usr/bin/env bash
# A package's life on a bare Debian that systemd boots: installed, started, used, reloaded, upgraded, removed, purged.
# usage: package_test.sh FILE.deb
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/bare_debian.sh
package=$(realpath "$1")
need systemd-container dpkg-dev

root=$(mktemp -d -p "${TMPDIR:-/tmp}" package-XXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
bare_debian bookworm "$root"
echo "== a machine to try the package on"
chroot "$root" sh -c 'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
  systemd systemd-sysv dbus curl openssl python3 man-db' >"$root/apt.log" 2>&1 || { tail "$root/apt.log" >&2 && exit 1; }

# The next version: the same content under a higher number.
mkdir "$root/package"
cp "$package" "$root/package/symbolon.deb"
dpkg-deb -R "$package" "$root/package/next"
sed -i 's/^Version: \(.*\)/Version: \1+next/' "$root/package/next/DEBIAN/control"
dpkg-deb --root-owner-group -b "$root/package/next" "$root/package/next.deb" >/dev/null
cp tools/package_life.sh "$root/package/life"
# What it depends on is fetched here: the machine itself needs no network.
chroot "$root" apt-get install -qy --download-only --no-install-recommends /package/symbolon.deb >>"$root/apt.log" 2>&1 ||
  { tail "$root/apt.log" >&2 && exit 1; }

cat >"$root/etc/systemd/system/package-life.service" <<'END'
[Unit]
After=network.target
[Service]
Type=oneshot
ExecStart=/package/life
StandardOutput=file:/package/out
StandardError=inherit
ExecStopPost=/bin/systemctl poweroff --no-block
[Install]
WantedBy=multi-user.target
END
chroot "$root" systemctl enable -q package-life.service
# A container has neither Landlock nor locked memory unless it is given them; a machine does.
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=0 timeout 600 systemd-nspawn -b -D "$root" --register=no --keep-unit --resolv-conf=off \
  --capability=CAP_IPC_LOCK --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
  </dev/null >"$root/boot.log" 2>&1 || true
cat "$root/package/out"
[ "$(tail -n 1 "$root/package/out")" = "the package lived well" ] || { tail -n 40 "$root/boot.log" && exit 1; }
