// Memory for private keys that is never swapped out or dumped: OpenSSL's secure heap.
#pragma once

#include <cstdint>

namespace symbolon::crypto {

enum class LockedMemory : std::uint8_t {
  everything,  // all memory of the process is locked (it may lock as much as it wants)
  keys,        // the private numbers of keys are
  none,        // the system allows nothing of the kind
};

// Once, before the first key is read. Keys that are read from then on put their private numbers there, surrounded by
// guard pages, wiped when freed.
LockedMemory lock_key_memory();

}  // namespace symbolon::crypto
