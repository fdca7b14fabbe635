#!/usr/bin/env bash
# Configures a build by clang 19 with sanitizers: tools/clang_build.sh FOLDER SANITIZERS [CMAKE-ARGUMENT...]; silent unless
# something is wrong. Nothing is optimised: with sanitizers that takes clang minutes for a unit.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1 sanitizers=$2
shift 2
has_gtest=$([ -e /usr/include/gtest/gtest.h ] && echo ON || echo OFF)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake -S . -B "$folder" -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=Debug -DSYMBOLON_SANITIZE="$sanitizers" \
  -DSYMBOLON_TESTS="$has_gtest" "$@" >"$log" 2>&1 || { cat "$log" >&2 && exit 1; }
