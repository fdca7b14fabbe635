// The ladder for a terminal: the client's rail left, the server's right, arrows between them.
#pragma once

#include <string>
#include <vector>

#include "check/ladder.h"
#include "check/paint.h"

namespace symbolon::check {

// Lines of at most kTextColumns, ASCII but for what a peer's octets are quoted as. A head, then the rungs.
std::vector<std::string> ladder_lines(const std::vector<Rung>& rungs, const Paint& paint = unpainted);

}  // namespace symbolon::check
