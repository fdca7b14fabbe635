#include "base/environment.h"

#include <cstdlib>

namespace symbolon {

std::optional<std::string> environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): see the header
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace symbolon
