#include "crypto/locked_memory.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/resource.h>

namespace symbolon::crypto {

LockedMemory lock_key_memory() {
  constexpr std::size_t kHeap = 256 * 1024;  // octets: some dozens of the largest keys
  constexpr std::size_t kSmallest = 32;
  // 1: in use and locked; 2: in use, the system did not lock it.
  const int heap = CRYPTO_secure_malloc_init(kHeap, kSmallest);
  rlimit limit{};
  const bool no_limit = ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
  if (no_limit && ::mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return LockedMemory::everything;
  return heap == 1 ? LockedMemory::keys : LockedMemory::none;
}

}  // namespace symbolon::crypto
