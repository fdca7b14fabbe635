// "did you mean 'verify'?"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace symbolon::config {

// Damerau-Levenshtein (optimal string alignment): insertions, deletions, substitutions, swaps of neighbours; '-' and
// '_' are the same.
std::size_t distance(std::string_view a, std::string_view b);

// The nearest of the candidates, if it is near enough for a spelling error: at most a third of the word, at most 3.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace symbolon::config
