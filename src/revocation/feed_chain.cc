#include "revocation/feed_chain.h"

#include <algorithm>

namespace symbolon::revocation {
namespace {

// What is hashed of one entry, in a buffer of its own: a million of them take a fraction of a second.
class Octets {
 public:
  void add(std::uint8_t octet) { octets_[size_++] = octet; }
  void add(std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) add(static_cast<std::uint8_t>(number >> shift));
  }
  void add(UnixSeconds time) { add(static_cast<std::uint64_t>(time.count)); }
  void add(ByteView octets) {
    std::ranges::copy(octets, octets_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += octets.size();
  }
  ByteView view() const { return {octets_.data(), size_}; }

 private:
  std::array<std::uint8_t, 32 + 32 + 1 + 8 + 1 + 8 + 1 + x509::SerialNumber::kMost> octets_{};
  std::size_t size_ = 0;
};

}  // namespace

crypto::Sha256 feed_chain_begin() {
  static const crypto::Sha256 kBegin = crypto::sha256(as_bytes("symbolon feed chain 1"));
  return kBegin;
}

crypto::Sha256 feed_chain_next(const crypto::Sha256& before, const FeedChainEntry& entry) {
  Octets octets;
  octets.add(ByteView(before));
  octets.add(ByteView(entry.issuer));
  octets.add(entry.reason);
  octets.add(entry.at);
  octets.add(static_cast<std::uint8_t>(entry.invalid_since ? 1 : 0));
  octets.add(entry.invalid_since.value_or(UnixSeconds{}));
  const ByteView serial = entry.serial.magnitude();
  octets.add(static_cast<std::uint8_t>(serial.size()));
  octets.add(serial);
  return crypto::sha256(octets.view());
}

}  // namespace symbolon::revocation
