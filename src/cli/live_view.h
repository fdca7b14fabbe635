// A view that is drawn anew each second until somebody ends it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace symbolon::cli {

// The lines of one picture; they may hold colours (SGR sequences), nothing else that drives a terminal.
using Draw = std::function<std::vector<std::string>()>;

// On a terminal: its own screen, q or Ctrl-C ends, and the terminal is as it was before, whatever ended it but SIGKILL.
// Elsewhere: the lines one after the other, until SIGINT, SIGTERM or nobody reads them any more.
Status show_live(const Draw& draw);

// At most so many columns, sequences not counted and never cut.
std::string cut_to_width(std::string_view line, std::size_t columns);

}  // namespace symbolon::cli
