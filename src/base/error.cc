#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace symbolon {

std::string Error::text() const {
  if (where.empty()) return words;
  return where + ": " + words;
}

void abort_with(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, condition);
  std::abort();
}

}  // namespace symbolon
