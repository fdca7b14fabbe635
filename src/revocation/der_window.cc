#include "revocation/der_window.h"

#include <algorithm>

namespace symbolon::revocation {

Result<ByteView> DerWindow::see(std::size_t count) {
  constexpr std::size_t kLeast = 64 << 10;
  if (end_ - begin_ < count && !ended_) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < std::max(count, kLeast)) buffer_.resize(std::max(count, kLeast));
    while (end_ < count && !ended_) {
      const std::size_t got = TRY(source_.read(std::span(buffer_).subspan(end_)));
      ended_ = got == 0;
      end_ += got;
    }
  }
  return ByteView(buffer_).subspan(begin_, std::min(count, end_ - begin_));
}

void DerWindow::take(std::size_t count) {
  ENSURE(count <= end_ - begin_);
  if (tap_) tap_(ByteView(buffer_).subspan(begin_, count));
  begin_ += count;
  offset_ += count;
}

}  // namespace symbolon::revocation
