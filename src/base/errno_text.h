// What the system says of an errno: as strerror(3), which other threads may overwrite.
#pragma once

#include <string>

namespace symbolon {

std::string errno_text(int problem);

}  // namespace symbolon
