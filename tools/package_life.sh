#!/bin/bash
# Run by systemd inside the machine of package_test.sh.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive HOME=/root
cd /root
say() { printf -- '-- %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*"
  systemctl status symbolon --no-pager -l || true
  journalctl -u symbolon --no-pager | tail -n 20
  tail -n 20 /package/dpkg.log
  exit 1
}
trap 'fail "line $LINENO"' ERR
expect() { # WORDS COMMAND...: what it prints holds the words
  local words=$1 out
  shift
  out=$("$@" 2>&1) || fail "$* ended with $?: $out"
  [[ $out == *"$words"* ]] || fail "$*: no '$words' in: $out"
}

say install
apt-get install -qy --no-install-recommends /package/symbolon.deb >/package/dpkg.log 2>&1
expect "symbolon 0" symbolon --version
expect "NAME" man symbolon
[ "$(systemctl is-enabled symbolon)" = enabled ] || fail "not enabled"
[ "$(systemctl is-active symbolon)" = inactive ] || fail "it started without a configuration"
[ "$(stat -c %U:%a /var/lib/symbolon)" = symbolon:700 ] || fail "whose is the state folder?"

say "use: a CA, a service behind the gateway, a client"
echo "correct horse battery staple" >passphrase && chmod 600 passphrase
symbolon init "Example Corp" --passphrase-file passphrase
keys=$(find /var/lib/symbolon ! -user symbolon -printf '%f:%u:%m ' | tr ' ' '\n' | sort | xargs)
[ "$keys" = "heads.key:symbolon-signer:600 issuing.key:symbolon-signer:600 root.key:root:600" ] || fail "init left to others than symbolon: $keys"
python3 -m http.server 3000 --bind 127.0.0.1 >/dev/null 2>&1 &
cat >/etc/symbolon/symbolon.yaml <<'END'
state: /var/lib/symbolon
authority: {}
gateway:
  records: /var/log/symbolon/records.jsonl
  routes:
    - name: web
      listen: 127.0.0.1:443
      to: 127.0.0.1:3000
      certificate: {from: authority, names: [localhost]}
      clients: {trust: [authority], allow: [{cn: laptop}]}
END
symbolon issue client laptop >/dev/null
symbolon issue client stranger >/dev/null
systemctl start symbolon
[ "$(systemctl is-active symbolon)" = active ] || fail "it does not run"
get() { curl -sS --fail --cacert /var/lib/symbolon/root.crt --cert "$1.crt" --key "$1.key" https://localhost/; }
# There is no pgrep here.
process_of() { grep -lz "^$1\$" /proc/[0-9]*/cmdline 2>/dev/null | sed -n 's|/proc/\([0-9]*\)/cmdline|\1|p' | head -n 1; }
for role in signer:symbolon-signer authority:symbolon gateway:symbolon; do
  pid=$(process_of "${role%:*}")
  [ -n "$pid" ] || fail "there is no ${role%:*}"
  [ "$(stat -c %U "/proc/$pid")" = "${role#*:}" ] || fail "${role%:*} runs as $(stat -c %U "/proc/$pid")"
  [ "$(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status")" = 2 ] || fail "${role%:*} is not confined"
done
journalctl -u symbolon --no-pager | grep -m 1 '"sandbox: ' | sed 's/.*"sandbox: /the sandbox: /; s/".*//'
if journalctl -u symbolon --no-pager | grep '"level":"warning"'; then fail "it warns"; fi
expect passphrase get laptop
if get stranger >/dev/null 2>&1; then fail "a stranger got in"; fi
symbolon issue client while-it-runs >/dev/null
systemd-analyze security symbolon --no-pager | tail -n 1

say reload
sed -i 's/cn: laptop/cn: "*"/' /etc/symbolon/symbolon.yaml
systemctl reload symbolon
for _ in $(seq 100); do get stranger >/dev/null 2>&1 && break || sleep 0.1; done
expect passphrase get stranger

symbolon ca new-issuer --passphrase-file passphrase >/dev/null
symbolon issue client after-a-new-ca >/dev/null

say upgrade
before=$(systemctl show -p MainPID --value symbolon)
dpkg -i /package/next.deb >>/package/dpkg.log 2>&1
[ "$(systemctl is-active symbolon)" = active ] || fail "it does not run after the upgrade"
[ "$(systemctl show -p MainPID --value symbolon)" != "$before" ] || fail "the old version runs on"
expect passphrase get laptop
expect while-it-runs symbolon list

say "remove, purge"
apt-get remove -qy symbolon >>/package/dpkg.log 2>&1
if systemctl -q is-active symbolon; then fail "it runs after it was removed"; fi
[ ! -e /usr/bin/symbolon ] || fail "the program is still there"
apt-get purge -qy symbolon >>/package/dpkg.log 2>&1
[ -e /var/lib/symbolon/ledger.db ] || [ -n "$(ls /var/lib/symbolon)" ] || fail "the CA was removed with the package"
echo "the package lived well"
