#!/usr/bin/env bash
# Builds the fuzz targets with clang 19 (address and undefined behaviour watched) and runs each for a while.
# tools/fuzz.sh [--minutes N | --seconds N] [NAME...]; new inputs go to build-fuzz/corpus/NAME, crashes to build-fuzz/crashes.
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

# In CI compiling takes longer than the walk: -O0. -w: clang warns about what g++ does not; the warnings that count are those of the release build and of clang-tidy.
optimise=-O1
[ -z "${CI:-}" ] || optimise=-O0
configure() {
  cmake -S . -B build-fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=Fuzz -DCMAKE_CXX_FLAGS_FUZZ="-w $optimise -g1" \
    -DSYMBOLON_FUZZ=ON -DSYMBOLON_SANITIZE=address,undefined -DSYMBOLON_TESTS=OFF
}
log=$(mktemp)
configure >"$log" 2>&1 || { cat "$log" >&2 && exit 1; }
rm -f "$log"
if [ ${#names[@]} -eq 0 ]; then
  for source in fuzz/*_fuzzer.cc; do
    [ -e "$source" ] || { echo "there is no fuzz target" >&2 && exit 1; }
    name=${source##*/}
    names+=("${name%_fuzzer.cc}")
  done
fi
NINJA_STATUS='[%f/%t %es] ' ninja -C build-fuzz "${names[@]/%/_fuzzer}" | awk '/FAILED|error/ { print } { last = $0 } END { print last }'
[ "$seconds" -gt 0 ] || exit 0

mkdir -p build-fuzz/crashes build-fuzz/logs
run_one() {
  local name=$1 seconds=$2
  mkdir -p "build-fuzz/corpus/$name"
  # In CI always the same walk: new ground is for longer runs, not for blocking a change that has nothing to do with it.
  if "build-fuzz/fuzz/${name}_fuzzer" ${CI:+-seed=1} -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build-fuzz/crashes/$name-" "build-fuzz/corpus/$name" "fuzz/corpus/$name" >"build-fuzz/logs/$name" 2>&1; then
    echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/logs/$name") inputs, nothing found"
  else
    tail -n 40 "build-fuzz/logs/$name"
    echo "fuzz: $name: FAILED; the input is in build-fuzz/crashes"
    return 1
  fi
}
export -f run_one
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'run_one {} '"$seconds"
