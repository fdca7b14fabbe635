// The ladder as a picture: SVG that stands inside a page and takes its colours from the page's style (report_style.h).
#pragma once

#include <string>
#include <vector>

#include "check/ladder.h"

namespace symbolon::check {

// One <svg> element, as wide as its place and of a fixed height: letters keep their size in a narrow window. Its <desc>
// says in words what it shows.
std::string ladder_svg(const std::vector<Rung>& rungs);

}  // namespace symbolon::check
