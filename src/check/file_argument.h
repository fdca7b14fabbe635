// What stands on the command line of `symbolon check`: a file or an endpoint.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace symbolon::check {

enum class Taken : std::uint8_t { file, endpoint };

// unix:PATH and what holds "://" are endpoints; a file is what exists, holds '/', or ends as certificates and keys do.
Taken taken_for(std::string_view argument, bool exists);

// It was taken for a file because there is one, and could be an endpoint too: "web.example:443", "localhost".
bool is_ambiguous(std::string_view argument, bool exists);

struct Arguments {
  Taken taken = Taken::endpoint;
  std::vector<std::string> ambiguous = {};  // for a word of warning
};
// Looks whether files of these names exist. Fails with usage: both kinds at once, or two endpoints.
Result<Arguments> sort_arguments(const std::vector<std::string>& given);

}  // namespace symbolon::check
