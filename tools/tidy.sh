#!/usr/bin/env bash
# clang-tidy 19 on the C++ files that the last push changed (or since BASE, or on the files named), at most 8 minutes.
# Uses compile commands of clang's own, with its precompiled headers.
# tools/tidy.sh [--since BASE | --all | FILE...]
set -uo pipefail
cd "$(dirname "$0")/.."

changed_since() { git diff --name-only --diff-filter=d "$1" -- 'src/*.cc' 'src/*.h' | sort -u; }

# What CI was given: the commits since the branch left origin/main, else the last commit; a shallow clone has no parent.
default_base() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null) && [ "$base" != "$(git rev-parse HEAD)" ] && echo "$base" && return
  git rev-parse -q --verify HEAD~1
}

case ${1:-} in
  --since) mapfile -t files < <(changed_since "$2") ;;
  --all) mapfile -t files < <(git ls-files 'src/*.cc') ;;
  "") if base=$(default_base); then
    mapfile -t files < <(changed_since "$base")
  else
    mapfile -t files < <(git ls-files 'src/*.cc')
  fi ;;
  *) files=("$@") ;;
esac

# A header is seen through the unit beside it.
units=()
for file in "${files[@]}"; do
  unit=${file%.*}.cc
  [ -e "$unit" ] && units+=("$unit")
done
mapfile -t units < <(printf '%s\n' "${units[@]}" | grep -v '_test\.cc$' | sort -u | sed '/^$/d')
if [ ${#units[@]} -eq 0 ]; then
  echo "clang-tidy: no unit changed"
  exit 0
fi

tools/clang_build.sh build-tidy "" && ninja -C build-tidy pch_core pch_asio >/dev/null || exit 1
checked=0
bad=0
while read -r unit status; do
  checked=$((checked + 1))
  [ "$status" = 0 ] || bad=$((bad + 1))
done < <(printf '%s\n' "${units[@]}" | xargs -P "$(nproc)" -I{} bash -c '
  [ "$(date +%s)" -lt '$(($(date +%s) + 480))' ] || exit 0
  words=$(clang-tidy-19 -p build-tidy --quiet --warnings-as-errors="*" {} 2>/dev/null)
  status=$?
  [ $status -eq 0 ] || printf "%s\n" "$words" >&2
  echo {} $status')
echo "clang-tidy: $checked of ${#units[@]} units looked at, $bad with findings"
[ "$checked" -eq ${#units[@]} ] || echo "clang-tidy: the rest had no time left"
exit $((bad > 0))
