# To be sourced: a Debian that holds nothing but git, sudo and ca-certificates, made once and kept.

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# need PACKAGE...: installs what is missing on this machine.
need() {
  local missing
  missing=$(comm -23 <(printf '%s\n' "$@" | sort) \
    <({ dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null || true; } | sed -n 's/^.i. *//p' | sort))
  [ -n "$missing" ] || return 0
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  # shellcheck disable=SC2086
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing >/dev/null
}

# bare_debian SUITE FOLDER: unpacks one there, its apt ready. As root.
bare_debian() {
  local suite=$1 folder=$2 cache=${XDG_CACHE_HOME:-$HOME/.cache}/symbolon making
  local base=$cache/$suite.tar
  [ "$(id -u)" -eq 0 ] || { echo "a root file system is made and entered: run it as root" >&2 && return 1; }
  mkdir -p "$cache"
  if [ ! -e "$base" ]; then
    need debootstrap
    echo "== the base system of $suite"
    making=$(mktemp -d)
    debootstrap --variant=minbase --include=git,sudo,ca-certificates "$suite" "$making" "$mirror" >"$cache/debootstrap.log" ||
      { tail "$cache/debootstrap.log" >&2 && return 1; }
    tar -C "$making" --one-file-system -cf "$base.part" . && mv "$base.part" "$base"
    rm -rf "$making"
  fi
  tar -C "$folder" -xf "$base"
  chmod 755 "$folder" # whoever is not root there must come in
  cp /etc/resolv.conf "$folder/etc/resolv.conf"
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$(hostname)" >"$folder/etc/hosts"
  printf 'deb %s %s main\ndeb %s %s-updates main\ndeb http://deb.debian.org/debian-security %s-security main\n' \
    "$mirror" "$suite" "$mirror" "$suite" "$suite" >"$folder/etc/apt/sources.list"
}
