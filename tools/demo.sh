#!/usr/bin/env bash
# Real mutual TLS, from nothing: a CA, certificates, a gateway in front of a service, the right client, the wrong ones.
# Ends with 0 only if every step did what it says. usage: demo.sh BINARY
set -euo pipefail
binary=$(readlink -f "$1")
started=$SECONDS
work=$(mktemp -d)
processes=()

cleanup() {
  for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

if [ -t 1 ]; then bold=$'\e[1m' green=$'\e[32m' faint=$'\e[2m' off=$'\e[0m'; else bold='' green='' faint='' off=''; fi
step() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
run() {
  printf '%s$ %s%s\n' "$faint" "$*" "$off"
  "$@"
}
good() { printf '%s  ok: %s%s\n' "$green" "$*" "$off"; }
die() {
  printf 'demo: %s\n' "$*" >&2
  [ -s "$work/gateway.log" ] && tail -n 20 "$work/gateway.log" >&2
  exit 1
}
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
until_open() { # PORT NAME PID: waits until it accepts, or its process ends
  for _ in $(seq 1 200); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
    kill -0 "$3" 2>/dev/null || die "$2 ended before it listened"
    sleep 0.05
  done
  die "$2 does not listen on port $1"
}

cd "$work"
export SYMBOLON_STATE="$work/symbolon"
symbolon() { "$binary" "$@"; }

step "1. A CA: root, issuing CA, ledger, admin certificate, configuration"
(umask 077 && echo "demo passphrase $RANDOM$RANDOM" >passphrase)
run symbolon init "Example Corp" --passphrase-file passphrase
[ "$(stat -c %a symbolon/issuing.key)" = 600 ] || die "the issuing key can be read by others"
good "the root's key is encrypted and not needed from now on"

step "2. Certificates for a server and for clients"
run symbolon issue client laptop
run symbolon issue client phone --no-p12
run symbolon issue client printer --no-p12
openssl verify -x509_strict -CAfile symbolon/root.crt -untrusted laptop.crt -purpose sslclient laptop.crt >/dev/null ||
  die "openssl does not accept the chain"
good "openssl verify -x509_strict accepts the chain"

step "3. A service, and a gateway in front of it"
service=$(free_port)
gateway=$(free_port)
mkdir www && echo "hello from the service" >www/index.html
/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory www "$service" >service.log 2>&1 &
processes+=($!)
until_open "$service" "the service" $!
cat >symbolon/symbolon.yaml <<YAML
state: .
authority:
  name: ca.example.internal
gateway:
  routes:
    - name: web
      listen: 127.0.0.1:$gateway
      certificate: { from: authority, names: [localhost] }
      clients:
        trust: [authority]
        allow: [ { cn: laptop }, { cn: phone } ]
      to: 127.0.0.1:$service
YAML
sed 's/^/    /' symbolon/symbolon.yaml
printf '%s$ symbolon run%s\n' "$faint" "$off"
"$binary" run >gateway.log 2>gateway.err &
processes+=($!)
until_open "$gateway" "the gateway" $!
good "the gateway listens on 127.0.0.1:$gateway"

url=https://localhost:$gateway/
client() { curl -sS --max-time 10 --cacert symbolon/root.crt "$@" "$url"; }
# Awaits the record of a refusal with this code.
recorded() {
  for _ in $(seq 1 100); do
    grep -q "\"code\":\"$1\"" gateway.log && return 0
    sleep 0.05
  done
  die "no record with code $1"
}
refused() { # CODE curl-arguments...: must fail, with a record that says why
  local code=$1 answer
  shift
  if answer=$(client "$@" 2>&1); then die "got in: $answer"; fi
  printf '  %s\n' "${answer//$'\n'/ }"
  recorded "$code"
  good "refused, and recorded as $code"
}

step "4. The right client gets in"
printf '%s$ curl --cacert symbolon/root.crt --cert laptop.crt --key laptop.key %s%s\n' "$faint" "$url" "$off"
answer=$(client --cert laptop.crt --key laptop.key) || die "the right client was refused"
printf '  %s\n' "$answer"
[ "$answer" = "hello from the service" ] || die "the service's answer did not arrive"
good "TLS 1.3, both sides proven"
answer=$(client --tls-max 1.2 --cert phone.crt --key phone.key) || die "the right client was refused with TLS 1.2"
[ "$answer" = "hello from the service" ] || die "the service's answer did not arrive"
good "and TLS 1.2"

step "5. Every wrong one stays out"
echo "-- no certificate"
refused client_certificate_missing
echo "-- a certificate of another CA, of the same name"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.crt -days 2 \
  -subj "/O=Example Corp/CN=laptop" 2>/dev/null
refused client_certificate_self_signed --cert other.crt --key other.key
echo "-- a valid certificate that no rule admits"
refused not_allowed_by_policy --cert printer.crt --key printer.key
echo "-- a server's certificate in a client's hand"
run symbolon issue server laptop.example --no-p12 >/dev/null
refused client_certificate_wrong_extended_key_usage --cert laptop.example.crt --key laptop.example.key
echo "-- no TLS at all"
if curl -sS --max-time 10 "http://localhost:$gateway/" >/dev/null 2>&1; then die "plain HTTP got in"; fi
recorded plain_http
good "refused, and recorded as plain_http"

step "6. Revoked means out, at once"
run symbolon revoke laptop --reason keyCompromise
refused client_certificate_revoked --cert laptop.crt --key laptop.key
client --cert phone.crt --key phone.key >/dev/null || die "revoking one client shut out another"
good "the other client still gets in"

step "7. What the gateway wrote about the revoked client"
grep '"code":"client_certificate_revoked"' gateway.log | tail -n 1

step "8. The record is whole"
run symbolon list
run symbolon ledger verify

printf '\n%sdemo: every step did what it says, in %d s%s\n' "$green" "$((SECONDS - started))" "$off"
