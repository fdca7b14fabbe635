#include "config/place.h"

#include <fmt/format.h>

namespace symbolon::config {

std::string Place::text() const {
  if (line == 0) return file;
  return fmt::format("{}:{}:{}", file, line, column);
}

}  // namespace symbolon::config
