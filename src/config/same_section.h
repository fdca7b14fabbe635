// Whether a section changed between two texts of a configuration.
#pragma once

#include <string_view>

namespace symbolon::config {

// Whether both say the same under this key of the whole file: the same words in the same order, wherever they stand and
// whatever comments are beside them. A text that is no configuration says nothing.
bool same_section(std::string_view key, std::string_view before, std::string_view now);

}  // namespace symbolon::config
