#include "gateway/source_key.h"

#include <arpa/inet.h>

#include <algorithm>

#include "crypto/digest.h"

namespace symbolon::gateway {
namespace {

using Seed = std::array<std::uint64_t, 2>;

Seed random_seed() {
  std::array<std::uint8_t, sizeof(Seed)> octets{};
  crypto::fill_random(octets);
  Seed out{};
  std::memcpy(out.data(), octets.data(), sizeof(out));
  return out;
}

// The finalizer of MurmurHash3: every bit of the input moves every bit of the output.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ value >> 33) * 0xFF51AFD7ED558CCDU;
  value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53U;
  return value ^ value >> 33;
}

}  // namespace

SourceKey source_key(const std::string& address) {
  SourceKey out{};
  if (inet_pton(AF_INET6, address.c_str(), out.data()) == 1) {
    std::fill(out.begin() + 8, out.end(), std::uint8_t{0});
    return out;
  }
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, address.c_str(), v4.data()) != 1) return SourceKey{};
  out[10] = out[11] = 0xFF;
  std::ranges::copy(v4, out.begin() + 12);
  return out;
}

SourceKey service_key(std::string_view text) {
  const auto* const octets = reinterpret_cast<const std::uint8_t*>(text.data());
  const crypto::Sha256 digest = crypto::sha256({octets, text.size()});
  SourceKey out{};
  std::copy_n(digest.begin(), out.size(), out.begin());
  out.front() = 0xFF;  // ff00::/8 is multicast (RFC 4291 §2.7)
  return out;
}

std::size_t SourceHash::operator()(const SourceKey& key) const {
  static const Seed kSeed = random_seed();
  Seed halves{};
  std::memcpy(halves.data(), key.data(), sizeof(halves));
  return mix(mix(halves[0] ^ kSeed[0]) ^ halves[1] ^ kSeed[1]);
}

}  // namespace symbolon::gateway
