// Where memory is used up, what a thread of its own was about ends, not the process.
#pragma once

#include <new>
#include <utility>

#include "base/error.h"

namespace symbolon {

// The action's outcome; out_of_memory where it threw std::bad_alloc.
template <typename Action>
Status unless_out_of_memory(Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{Code::out_of_memory, {}});
  }
}

}  // namespace symbolon
