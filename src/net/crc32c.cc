#include "net/crc32c.h"

#include <array>

namespace symbolon::net {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // 0x1EDC6F41, least significant bit first

// Slicing by eight: kTables[k] is what an octet does k octets further on.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t value = octet;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? kPolynomial : 0);
    tables[0][octet] = value;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t octet = 0; octet < 256; ++octet) {
      const std::uint32_t before = tables[k - 1][octet];
      tables[k][octet] = before >> 8 ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c(ByteView octets) {
  std::uint32_t value = 0xFFFFFFFF;
  for (; octets.size() >= 8; octets = octets.subspan(8)) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < 4; ++i) next ^= kTables[7 - i][((value >> (8 * i)) ^ octets[i]) & 0xFF];
    for (std::size_t i = 4; i < 8; ++i) next ^= kTables[7 - i][octets[i]];
    value = next;
  }
  for (const std::uint8_t octet : octets) value = value >> 8 ^ kTables[0][(value ^ octet) & 0xFF];
  return ~value;
}

}  // namespace symbolon::net
