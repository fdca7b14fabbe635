#include "base/errno_text.h"

#include <system_error>

namespace symbolon {

std::string errno_text(int problem) { return std::generic_category().message(problem); }

}  // namespace symbolon
