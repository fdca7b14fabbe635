// A look at DER that is read from the first octet to the last, never held whole.
#pragma once

#include <cstdint>
#include <functional>

#include "base/octet_source.h"

namespace symbolon::revocation {

// Not thread-safe. Borrows the source.
class DerWindow {
 public:
  explicit DerWindow(OctetSource& source) : source_(source) {}

  // Of the next octet, from the first one of the source.
  std::uint64_t offset() const { return offset_; }
  // The next `count` octets, or those that are left; valid until the next call. Fails as the source does.
  Result<ByteView> see(std::size_t count);
  // Goes on behind the first `count` of what was seen last.
  void take(std::size_t count);
  // From now on gets every octet that is taken; empty: nobody does.
  using Tap = std::function<void(ByteView)>;
  void tap(Tap tap) { tap_ = std::move(tap); }

 private:
  OctetSource& source_;
  Bytes buffer_;  // what was read and not taken lies between the next two
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;
  std::uint64_t offset_ = 0;
  Tap tap_;
};

}  // namespace symbolon::revocation
