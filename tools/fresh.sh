#!/usr/bin/env bash
# The README's two commands on a Debian that holds nothing but git, sudo and ca-certificates: proof that the
# repository installs all that it needs. As somebody who may use sudo, not as root.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/bare_debian.sh

usage="usage: ./dev fresh [--suite bookworm|trixie] [--keep] [--cache DIR]   (as root; --keep: leave the folder for a look;
--cache: the compiler's cache stays in DIR, of one suite, so that a second run is quicker)"
suite=bookworm keep='' cache=''
while [ $# -gt 0 ]; do
  case $1 in
    --suite) suite=${2:-} && shift ;;
    --keep) keep=yes ;;
    --cache) cache=${2:-} && shift ;;
    *) echo "$usage" >&2 && exit 2 ;;
  esac
  shift
done
case $suite in bookworm | trixie) ;; *) echo "$usage" >&2 && exit 2 ;; esac
[ -z "$(git status --porcelain)" ] || echo "note: what is not committed is not tried" >&2

# Mounts live in a namespace of this script's own and end with it.
if [ -z "${SYMBOLON_FRESH_ROOT:-}" ]; then
  SYMBOLON_FRESH_ROOT=$(mktemp -d -p "${TMPDIR:-/tmp}" "fresh-$suite-XXXX")
  export SYMBOLON_FRESH_ROOT
  bare_debian "$suite" "$SYMBOLON_FRESH_ROOT"
  status=0
  unshare --mount --pid --fork --mount-proc --kill-child "$0" --suite "$suite" --cache "$cache" || status=$?
  if [ -n "$keep" ]; then echo "kept: $SYMBOLON_FRESH_ROOT"; else rm -rf --one-file-system "$SYMBOLON_FRESH_ROOT"; fi
  exit $status
fi

root=$SYMBOLON_FRESH_ROOT
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
chroot "$root" useradd --create-home --shell /bin/bash somebody
printf 'somebody ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/somebody"
if [ -n "$cache" ]; then
  mkdir -p "$cache" "$root/home/somebody/.cache/ccache"
  mount --bind "$cache" "$root/home/somebody/.cache/ccache"
fi
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
  if [ "$verdict" != ok ]; then
    tail -n 60 "$root/log"
    cp "$root/log" "${TMPDIR:-/tmp}/fresh-$suite.log"
    echo "all of it: ${TMPDIR:-/tmp}/fresh-$suite.log"
  fi
  tail -n 1 "$root/log"
  echo "== $suite: $command: $verdict in $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
done
exit $failed
