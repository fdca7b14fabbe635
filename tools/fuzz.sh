#!/usr/bin/env bash
# Builds the fuzz targets with clang 19 (address and undefined behaviour watched) and runs each for a while.
# tools/fuzz.sh [--minutes N | --seconds N] [NAME...]; new inputs go to build-address/corpus/NAME, crashes to build-address/crashes.
# `--minutes 0` only builds. Inputs worth keeping are moved to fuzz/corpus by hand.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=60
names=()
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) seconds=$(($2 * 60)) && shift 2 ;;
    --seconds) seconds=$2 && shift 2 ;;
    *) names+=("${1%_fuzzer}") && shift ;;
  esac
done

tools/clang_build.sh build-address address,undefined -DSYMBOLON_FUZZ=ON
if [ ${#names[@]} -eq 0 ]; then
  for source in fuzz/*_fuzzer.cc; do
    [ -e "$source" ] || { echo "there is no fuzz target" >&2 && exit 1; }
    name=${source##*/}
    names+=("${name%_fuzzer.cc}")
  done
fi
NINJA_STATUS='[%f/%t %es] ' ninja -C build-address "${names[@]/%/_fuzzer}" | awk '/FAILED|error/ { print } { last = $0 } END { print last }'
[ "$seconds" -gt 0 ] || exit 0

mkdir -p build-address/crashes build-address/logs
run_one() {
  local name=$1 seconds=$2
  mkdir -p "build-address/corpus/$name"
  # In CI always the same walk: new ground is for longer runs, not for blocking a change that has nothing to do with it.
  if "build-address/fuzz/${name}_fuzzer" ${CI:+-seed=1} -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build-address/crashes/$name-" "build-address/corpus/$name" "fuzz/corpus/$name" >"build-address/logs/$name" 2>&1; then
    echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build-address/logs/$name") inputs, nothing found"
  else
    tail -n 40 "build-address/logs/$name"
    echo "fuzz: $name: FAILED; the input is in build-address/crashes"
    return 1
  fi
}
export -f run_one
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'run_one {} '"$seconds"
