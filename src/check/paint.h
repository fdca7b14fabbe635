// How a part of a text is meant, so that whoever prints it can colour it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace symbolon::check {

enum class Tone : std::uint8_t { plain, good, bad, faint, strong };

// Adds nothing that takes a column on the screen.
using Paint = std::function<std::string(Tone, std::string_view)>;

inline std::string unpainted(Tone, std::string_view text) { return std::string(text); }

}  // namespace symbolon::check
