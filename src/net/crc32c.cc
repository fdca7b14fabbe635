#include "net/crc32c.h"

#include <array>

namespace symbolon::net {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // 0x1EDC6F41, least significant bit first

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t octet = 0; octet < table.size(); ++octet) {
    std::uint32_t value = octet;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? kPolynomial : 0);
    table[octet] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

}  // namespace

std::uint32_t crc32c(ByteView octets) {
  std::uint32_t value = 0xFFFFFFFF;
  for (const std::uint8_t octet : octets) value = value >> 8 ^ kTable[(value ^ octet) & 0xFF];
  return ~value;
}

}  // namespace symbolon::net
