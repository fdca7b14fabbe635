#include "tls/split_hello.h"

namespace symbolon::tls {
namespace {

constexpr std::size_t kHeader = 5;  // RFC 8446 §5.1: type, legacy_record_version, length

void append_record(Bytes& out, ByteView header, ByteView fragment) {
  out.insert(out.end(), header.begin(), header.begin() + 3);
  out.push_back(static_cast<std::uint8_t>(fragment.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(fragment.size()));
  out.insert(out.end(), fragment.begin(), fragment.end());
}

}  // namespace

Bytes in_two_records(ByteView octets) {
  Bytes whole(octets.begin(), octets.end());
  if (octets.size() < kHeader) return whole;
  const std::size_t length = static_cast<std::size_t>(octets[3]) << 8 | octets[4];
  if (length < 2 || octets.size() < kHeader + length) return whole;
  Bytes out;
  const ByteView fragment = octets.subspan(kHeader, length);
  append_record(out, octets, fragment.first(length / 2));
  append_record(out, octets, fragment.subspan(length / 2));
  const ByteView rest = octets.subspan(kHeader + length);
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

}  // namespace symbolon::tls
