// Finding text in a lot of text, and patterns with `*`.
#pragma once

#include <string_view>

namespace symbolon::ledger {

// As haystack.find(needle, from), at the speed of the memory (memmem takes up to four times as long, and the bound on
// queries would not hold). `needle` is not empty.
std::size_t find_text(std::string_view haystack, std::string_view needle, std::size_t from);

// Does the whole of `text` fit `pattern`, in which kAnyRun stands for any run of octets? Time is bounded by the
// product of the lengths.
bool fits_pattern(std::string_view text, std::string_view pattern);

// The longest run without kAnyRun; empty for "*".
std::string_view longest_literal(std::string_view pattern);

}  // namespace symbolon::ledger
