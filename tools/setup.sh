#!/usr/bin/env bash
# Installs what is missing, and nothing else. `--test` adds what tests, fuzzing and lint need.
# Fast when nothing is missing: one dpkg query, no network.
set -euo pipefail

build=(g++ cmake ninja-build ccache mold pkg-config libssl-dev libfmt-dev libspdlog-dev libyaml-cpp-dev libcli11-dev
  libsqlite3-dev libsqlitecpp-dev libseccomp-dev prometheus-cpp-dev ca-certificates curl openssl python3)
services=(nginx haproxy varnish varnishncsa prometheus stunnel4 hitch caddy exim4 dovecot slapd prosody postgresql vsftpd) # what packages of `test` would start, now and at every boot
test=(libgtest-dev libgmock-dev libbenchmark-dev git
  python3-pytest python3-pytest-xdist python3-pytest-timeout python3-cryptography
  python3-jsonschema apache2-bin nginx-light libnginx-mod-stream haproxy stunnel4 hitch caddy wrk varnish tinyproxy-bin microsocks gnutls-bin libnss3-tools faketime zsh fish man-db mandoc
  exim4-daemon-light dovecot-imapd dovecot-pop3d slapd prosody postgresql mariadb-server-core vsftpd
  prometheus tmux systemd openssh-client libxml2-utils
  default-jdk-headless golang-go nodejs chromium fonts-liberation
  clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev)

# Debian 12 has Boost 1.81 beside its default 1.74; later releases have a newer default.
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
if [ "$codename" = bookworm ]; then
  build+=(libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev)
else
  build+=(libboost-dev libboost-json-dev libboost-url-dev)
fi

wanted=("${build[@]}")
[ "${1:-}" = --test ] && wanted+=("${test[@]}")

# Those of the packages that are installed. (dpkg-query fails when it does not know one.)
installed() { { dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null || true; } | sed -n 's/^.i. *//p'; }
mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort) <(installed "${wanted[@]}" | sort))
# Not an old OpenSSL: 3.0.19 leaks where a CA has policyConstraints and no policies (libssl-dev brings its own libssl).
openssl_version=$(dpkg-query -W -f '${Version}' libssl-dev 2>/dev/null || true)
if [ -n "$openssl_version" ] && dpkg --compare-versions "$openssl_version" lt 3.0.22; then
  missing+=(libssl-dev openssl)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "missing: ${missing[*]}" >&2
  echo "This is not a Debian system: install what corresponds to them, or use a Debian 12 or 13 container." >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    printf 'These packages are missing and there is no sudo; run as root:\n  apt-get install --no-install-recommends %s\n' "${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

# The headers of two Boost versions cannot be installed together. Nobody loses theirs unasked, but CI.
old_boost=$(installed libboost1.74-dev)
if [ -n "$old_boost" ] && [[ " ${missing[*]} " == *" libboost1.81-dev "* ]] && [ -z "${CI:-}${SYMBOLON_REPLACE_BOOST:-}" ]; then
  cat >&2 <<'END'
symbolon needs the headers of Boost 1.81; this machine has those of 1.74, and Debian's packages exclude each other.
To replace them (programs that run are not affected, only what is compiled against 1.74):
  SYMBOLON_REPLACE_BOOST=1 ./dev setup
Or build in a container of Debian 12, where nothing else needs them.
END
  exit 1
fi

# Services that a package brings must not start here. The guard is removed again, and an existing one is left alone.
guard=/usr/sbin/policy-rc.d
if [ ! -e $guard ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $guard >/dev/null
  "${as_root[@]}" chmod 755 $guard
  trap '"${as_root[@]}" rm -f $guard' EXIT
fi

log=$(mktemp)
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 "$@"
}
failed() {
  tail -n 30 "$log" >&2
  echo "apt-get failed; the whole of its words is in $log" >&2
  exit 1
}
echo "== installing ${#missing[@]} packages and what they need: ${missing[*]}"
apt update >"$log" 2>&1 || failed
apt install --no-install-recommends "${missing[@]}" 2>&1 | tee -a "$log" | {
  total=0 done=0
  while IFS= read -r line; do
    case $line in
      *"newly installed"*) total=$(sed 's/.* \([0-9]*\) newly.*/\1/' <<<"$line") && echo "   $line" ;;
      "Need to get"*) echo "   $line" ;;
      "Setting up"*)
        done=$((done + 1))
        [ $((done % 20)) -ne 0 ] && [ "$done" -ne "$total" ] || echo "   set up $done of $total"
        ;;
    esac
  done
} || failed
rm -f "$log"

# The tests start these programs themselves; where they were here before, their services stay as they were.
for service in "${services[@]}"; do
  if [[ " ${missing[*]} " == *" ${service%ncsa}"* ]]; then
    "${as_root[@]}" env DPKG_MAINTSCRIPT_PACKAGE="$service" deb-systemd-helper disable "$service.service" >/dev/null 2>&1 || true
    "${as_root[@]}" update-rc.d "$service" disable >/dev/null 2>&1 || true
  fi
done
