#!/usr/bin/env bash
# What CI runs: stages in an order that tells the most first, each with a bound, all of them run to the end.
# docs/ci.md says what each is for; the table printed at the end says what each took.
set -uo pipefail
cd "$(dirname "$0")/.."
python=/usr/bin/python3
export CI=true LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

budget=40 # minutes to aim at, on 2 cores without a compiler cache
hard=86   # minutes at which the run has to be over
threaded=(ledger net tls http signer authority gateway revocation watch)
begin=$SECONDS
rows=()
told=() # what the stages that failed said of it, for the end of the output
failed=0
left_out_stages=0
words=$(mktemp)
trap 'rm -f "$words"' EXIT

# of_failures: the lines that say what failed and why, of GoogleTest, pytest, the sanitizers, the compilers, at most 60.
of_failures() {
  grep -E -A5 '^ *(FAILED|ERROR|E  )|: Failure|: error: |SUMMARY: |runtime error: ' | cut -c -300 | tail -n 60
}

# stage NAME MINUTES COMMAND...: MINUTES bound the stage. It is left out where they are not left any more: on a machine that is too
# slow for all of it. With `takes_the_rest=yes` it has whatever is left, and is told its end (`stage_end`, seconds since 1970).
takes_the_rest=
stage() {
  local name=$1 limit=$(($2 * 60)) start=$SECONDS status verdict=ok
  shift 2
  local left=$((hard * 60 - 120 - (SECONDS - begin)))
  [ -z "$takes_the_rest" ] || [ "$limit" -le "$left" ] || limit=$left
  printf '\n===== %s (at most %d min; %d min so far of %d)\n' "$name" $((limit / 60)) $(((SECONDS - begin) / 60)) "$budget"
  if [ "$limit" -gt "$left" ] || [ "$limit" -le 0 ]; then
    verdict="LEFT OUT: $((left / 60)) min are left"
    left_out_stages=$((left_out_stages + 1))
  else
    export stage_end=$(($(date +%s) + limit))
    # Shown from the file, not through a pipe: what a test left running would keep that open, and the stage from ending.
    : >"$words"
    local running shown
    sleep infinity &
    running=$!
    tail --pid=$running -n +1 -f "$words" &
    shown=$!
    timeout --kill-after=20 "$limit" "$@" >>"$words" 2>&1
    status=$?
    kill $running
    wait $running $shown 2>/dev/null
    if [ $status -eq 124 ] || [ $status -eq 137 ]; then
      verdict="FAILED: not done within $((limit / 60)) min"
    elif [ $status -ne 0 ]; then
      verdict="FAILED with status $status"
    elif grep '^LEFT OUT: ' "$words" >/dev/null; then
      verdict=$(grep '^LEFT OUT: ' "$words" | tail -n 1)
      left_out_stages=$((left_out_stages + 1))
    fi
    if [ $status -ne 0 ]; then
      failed=$((failed + 1))
      told+=("$(printf -- '----- %s:\n' "$name" && of_failures <"$words")")
    fi
  fi
  rows+=("$(printf '%-38s %5d s   %s' "$name" $((SECONDS - start)) "$verdict")")
}

# Unit tests are sanitized in `./dev test` already. Floods have fewer connections: here each costs ten times as much.
# The last test begins five minutes before the end, which is longer than any takes.
sanitized_system_tests() {
  ninja -C build-address test_programs | awk '/FAILED|error|warning/ { print } { last = $0 } END { print last }' || return 1
  SYMBOLON_SANITIZED=1 SYMBOLON_IDLE_CONNECTIONS=300 SYMBOLON_HALF_OPEN=200 \
    "$python" tools/run_tests.py --build build-address --kinds system --until $((stage_end - 300)) $(printf -- "--deselect %s " $left_out)
}
threads_watched() {
  tools/clang_build.sh build-thread thread || return 1
  ninja -C build-thread "${@/%/_test}" | awk '/FAILED|error|warning/ { print } { last = $0 } END { print last }' || return 1
  "$python" tools/run_tests.py --build build-thread --kinds unit --timeout 900
}
# Tests that say nothing under a sanitizer: the first wants a race lost, which the slow gateway wins for the wrong reason; the
# others take away what the sanitizers need themselves (their memory is larger than any cap, and they open pipes to look at some),
# or search all memory, of which a sanitized process maps terabytes, or look at locked pages, which the runtime leaves unlocked, or
# preload faketime, which clang's runtime does not bear.
left_out="the_alert_always_arrives.py::test_without_the_draining_close_alerts_are_lost
exhaustion_and_crashes_are_survived.py::test_memory_at_its_end
exhaustion_and_crashes_are_survived.py::test_descriptors_used_up
only_the_signer_has_the_key_of_the_ca.py::test_the_key_is_in_no_other_process
a_resumed_session_is_judged_like_a_new_one.py::test_the_keys_lie_in_locked_memory
a_damaged_ledger_stops_the_authority.py::test_a_clock_that_was_set_back
a_damaged_ledger_stops_the_authority.py::test_a_clock_that_ran_ahead_for_a_moment
errors_say_where_and_what_to_do.py::test_a_ca_that_expired
exhaustion_and_crashes_are_survived.py::test_a_clock_that_jumps_both_ways"
export python left_out
export -f sanitized_system_tests threads_watched

echo "CI of symbolon: aims at $budget minutes on 2 cores, must be over at $hard; $(nproc) cores here"
stage "build, all tests" 80 ./dev test
stage "lint" 3 ./dev lint
stage "demo" 8 ./dev demo
stage "soak (60 s)" 5 ./dev soak --minutes 1 --seed 1
stage "fuzz smoke (8 s a target)" 10 tools/fuzz.sh --seconds 8
stage "clang-tidy on what changed" 10 tools/tidy.sh
stage "thread sanitizer" 25 bash -c "threads_watched ${threaded[*]}"
takes_the_rest=yes
stage "sanitized system tests" 40 bash -c sanitized_system_tests

printf '\n===== CI: %d min %d s (aim %d min, limit %d min)\n' $(((SECONDS - begin) / 60)) $(((SECONDS - begin) % 60)) "$budget" "$hard"
[ $failed -eq 0 ] || printf '%s\n' "${told[@]}" ""
printf '%s\n' "${rows[@]}"
[ $left_out_stages -eq 0 ] || echo "$left_out_stages stages left out, or a part of them: this machine is too slow"
[ $failed -eq 0 ] && echo "ok" || echo "$failed stages failed"
exit $((failed > 0))
