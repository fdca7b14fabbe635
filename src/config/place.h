// Where something stands in a configuration file.
#pragma once

#include <compare>
#include <string>

namespace symbolon::config {

struct Place {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole, or no file at all
  int column = 0;  // from 1, in characters

  std::string text() const;  // "symbolon.yaml:14:9"; the file alone without a line
  auto operator<=>(const Place&) const = default;
};

}  // namespace symbolon::config
