#!/usr/bin/env bash
# The README's two commands on a Debian that holds nothing but git, sudo and ca-certificates: proof that the
# repository installs all that it needs. usage: fresh.sh [--suite bookworm|trixie] [--keep]
set -euo pipefail
cd "$(dirname "$0")/.."

usage="usage: ./dev fresh [--suite bookworm|trixie] [--keep]   (as root; --keep: leave the folder for a look)"
suite=bookworm keep=
while [ $# -gt 0 ]; do
  case $1 in
    --suite) suite=${2:-} && shift ;;
    --keep) keep=yes ;;
    *) echo "$usage" >&2 && exit 2 ;;
  esac
  shift
done
case $suite in bookworm | trixie) ;; *) echo "$usage" >&2 && exit 2 ;; esac
[ "$(id -u)" -eq 0 ] || { echo "a root file system is made and entered: run it as root" >&2 && exit 1; }
[ -z "$(git status --porcelain)" ] || echo "note: what is not committed is not tried" >&2
command -v debootstrap >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends debootstrap >/dev/null

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/symbolon
base=$cache/$suite.tar
mkdir -p "$cache"
if [ ! -e "$base" ]; then
  echo "== the base system of $suite"
  making=$(mktemp -d)
  debootstrap --variant=minbase --include=git,sudo,ca-certificates "$suite" "$making" "$mirror" >"$cache/debootstrap.log" ||
    { tail "$cache/debootstrap.log" >&2 && exit 1; }
  tar -C "$making" --one-file-system -cf "$base.part" . && mv "$base.part" "$base"
  rm -rf "$making"
fi

# Mounts live in a namespace of this script's own and end with it.
if [ -z "${SYMBOLON_FRESH_ROOT:-}" ]; then
  SYMBOLON_FRESH_ROOT=$(mktemp -d -p "${TMPDIR:-/tmp}" "fresh-$suite-XXXX")
  export SYMBOLON_FRESH_ROOT
  status=0
  unshare --mount --pid --fork --mount-proc --kill-child "$0" --suite "$suite" || status=$?
  if [ -n "$keep" ]; then echo "kept: $SYMBOLON_FRESH_ROOT"; else rm -rf --one-file-system "$SYMBOLON_FRESH_ROOT"; fi
  exit $status
fi

root=$SYMBOLON_FRESH_ROOT
tar -C "$root" -xf "$base"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$(hostname)" >"$root/etc/hosts"
printf 'deb %s %s main\ndeb %s %s-updates main\ndeb http://deb.debian.org/debian-security %s-security main\n' \
  "$mirror" "$suite" "$mirror" "$suite" "$suite" >"$root/etc/apt/sources.list"
chroot "$root" useradd --create-home --shell /bin/bash somebody
printf 'somebody ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/somebody"
git clone -q --no-hardlinks . "$root/home/somebody/symbolon"
chroot "$root" chown -R somebody: /home/somebody

inside() {
  chroot "$root" runuser -u somebody -- env -i HOME=/home/somebody USER=somebody PATH=/usr/bin:/bin:/usr/sbin:/sbin \
    bash -c "cd ~/symbolon && $1"
}
failed=0
for command in "./dev demo" "./dev test"; do
  echo "== $suite: $command"
  start=$SECONDS
  if inside "$command" >"$root/log" 2>&1; then verdict=ok; else verdict="FAILED with status $?" failed=1; fi
  [ "$verdict" = ok ] || tail -n 60 "$root/log"
  tail -n 1 "$root/log"
  echo "== $suite: $command: $verdict in $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
done
exit $failed
