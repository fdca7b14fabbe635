#include "config/load.h"

#include <fmt/format.h>

namespace symbolon::config {

std::string to_text(const std::vector<Error>& errors) {
  std::string out;
  for (const Error& error : errors) out += error.text() + '\n';
  return out;
}

Error first_of(const std::vector<Error>& errors) {
  ENSURE(!errors.empty());
  Error first = errors.front();
  if (errors.size() > 1) {
    first.words += fmt::format(" (and {} more {})", errors.size() - 1, errors.size() == 2 ? "error" : "errors");
  }
  return first;
}

}  // namespace symbolon::config
