#include "gateway/out_of_memory.h"

#include "base/log.h"

namespace symbolon::gateway {

void say_memory_is_used_up() noexcept {
  try {
    log(LogLevel::error, Error{Code::out_of_memory, "what needed it was given up; the others go on"});
  } catch (...) {  // NOLINT: nor is there any for words
  }
}

}  // namespace symbolon::gateway
