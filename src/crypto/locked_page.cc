#include "crypto/locked_page.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace symbolon::crypto {

LockedPage::LockedPage() {
  void* const page = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::bad_alloc();
  ::madvise(page, kSize, MADV_DONTDUMP);
  ::madvise(page, kSize, MADV_WIPEONFORK);
  locked_ = ::mlock(page, kSize) == 0;
  octets_ = static_cast<std::uint8_t*>(page);
}

LockedPage::~LockedPage() {
  explicit_bzero(octets_, kSize);
  ::munmap(octets_, kSize);
}

}  // namespace symbolon::crypto
