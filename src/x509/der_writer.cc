#include "x509/der_writer.h"

#include <bit>
#include <charconv>

#include "x509/der_reader.h"

namespace symbolon::x509::der {
namespace {

void append_header(Bytes& out, std::uint8_t tag, std::size_t size) {
  out.push_back(tag);
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
    return;
  }
  const auto octets = static_cast<unsigned>((std::bit_width(size) + 7) / 8);
  out.push_back(static_cast<std::uint8_t>(0x80U | octets));
  for (unsigned i = octets; i > 0; --i) out.push_back(static_cast<std::uint8_t>(size >> 8U * (i - 1)));
}

void append_arc(Bytes& out, std::uint64_t arc) {
  const int groups = std::max(1, (static_cast<int>(std::bit_width(arc)) + 6) / 7);
  for (int i = groups - 1; i >= 0; --i) {
    const auto seven = static_cast<std::uint8_t>(arc >> (7U * static_cast<unsigned>(i)) & 0x7fU);
    out.push_back(static_cast<std::uint8_t>(i > 0 ? seven | 0x80U : seven));
  }
}

// YYYYMMDDHHMMSSZ
std::string time_text(UnixSeconds at) {
  std::string text = to_rfc3339(at);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
  return text;
}

}  // namespace

Bytes element(std::uint8_t tag, ByteView content) { return element(tag, {content}); }

Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  Bytes out;
  out.reserve(size + 6);
  append_header(out, tag, size);
  for (const ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes header(std::uint8_t tag, std::size_t size) {
  Bytes out;
  append_header(out, tag, size);
  return out;
}

Bytes unsigned_integer(std::uint64_t value) {
  Bytes content;
  for (unsigned i = 8; i > 0; --i) {
    const auto octet = static_cast<std::uint8_t>(value >> 8U * (i - 1));
    if (content.empty() && octet == 0 && i > 1) continue;
    if (content.empty() && (octet & 0x80U) != 0) content.push_back(0);
    content.push_back(octet);
  }
  return integer(content);
}

Bytes integer(ByteView content) { return element(tag::integer, content); }

Bytes bit_string(ByteView octets) {
  constexpr std::uint8_t kNoUnusedBits = 0;
  return element(tag::bit_string, {ByteView(&kNoUnusedBits, 1), octets});
}

Bytes named_bits(std::uint32_t bits) {
  Bytes content{0};
  for (std::uint32_t rest = bits; rest != 0; rest >>= 8U) {
    std::uint8_t octet = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      if ((rest >> bit & 1U) != 0) octet |= static_cast<std::uint8_t>(0x80U >> bit);
    }
    content.push_back(octet);
  }
  if (content.size() > 1) content[0] = static_cast<std::uint8_t>(std::countr_zero(content.back()));
  return element(tag::bit_string, content);
}

Bytes boolean(bool value) {
  const std::uint8_t octet = value ? 0xff : 0x00;  // X.690 §11.1
  return element(tag::boolean, ByteView(&octet, 1));
}

Bytes object_identifier(std::string_view dotted) {
  Bytes content;
  std::uint64_t first = 0;
  std::size_t count = 0;
  while (!dotted.empty()) {
    std::uint64_t arc = 0;
    const auto [end, problem] = std::from_chars(dotted.data(), dotted.data() + dotted.size(), arc);
    if (problem != std::errc()) return {};
    dotted.remove_prefix(static_cast<std::size_t>(end - dotted.data()));
    if (!dotted.empty()) {
      if (dotted.front() != '.' || dotted.size() == 1) return {};
      dotted.remove_prefix(1);
    }
    if (count == 0) {
      first = arc;
    } else {
      append_arc(content, count == 1 ? first * 40 + arc : arc);
    }
    ++count;
  }
  if (count < 2) return {};
  return element(tag::object_identifier, content);
}

Bytes generalized_time(UnixSeconds at) { return element(tag::generalized_time, as_bytes(time_text(at))); }

Bytes time(UnixSeconds at) {
  constexpr UnixSeconds k1950{-631152000};
  constexpr UnixSeconds k2050{2524608000};
  // RFC 5280 §4.1.2.5: "certificate validity dates through the year 2049 [MUST be encoded] as UTCTime".
  if (at < k1950 || at >= k2050) return generalized_time(at);
  return element(tag::utc_time, as_bytes(time_text(at)).subspan(2));
}

}  // namespace symbolon::x509::der
