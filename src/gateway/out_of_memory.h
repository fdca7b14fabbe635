// What is said where an allocation failed: whatever needed it ends, the gateway goes on. Private to this folder.
#pragma once

namespace symbolon::gateway {

// In the log, as far as there is memory for that.
void say_memory_is_used_up() noexcept;

}  // namespace symbolon::gateway
