#include "x509/der_reader.h"

namespace symbolon::x509::der {
// X.690 §8.1.3 with the restriction of §10.1: "The definite form of length encoding shall be used, encoded in the
// minimum number of octets." High tag numbers (§8.1.2.4) do not occur in certificates and are refused.
std::optional<Header> header_of(ByteView bytes) {
  constexpr std::uint8_t kHighTagNumber = 0x1f;
  constexpr std::uint8_t kLongForm = 0x80;
  if (bytes.size() < 2 || (bytes[0] & kHighTagNumber) == kHighTagNumber) return std::nullopt;
  Header header{.tag = bytes[0], .header_size = 2, .content_size = bytes[1]};
  if ((bytes[1] & kLongForm) != 0) {
    const std::size_t octets = bytes[1] & 0x7fU;
    if (octets == 0 || octets > 4 || bytes.size() < 2 + octets || bytes[2] == 0) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8U | bytes[2 + i];
    if (length < kLongForm) return std::nullopt;
    header.header_size = 2 + octets;
    header.content_size = length;
  }
  return header;
}

std::optional<std::uint8_t> Reader::peek() const {
  if (rest_.empty()) return std::nullopt;
  return rest_[0];
}

std::optional<Element> Reader::next() {
  const auto header = header_of(rest_);
  if (!header || header->size() > rest_.size()) return std::nullopt;
  const Element element{.tag = header->tag,
                        .content = rest_.subspan(header->header_size, header->content_size),
                        .whole = rest_.first(header->header_size + header->content_size)};
  rest_ = rest_.subspan(element.whole.size());
  return element;
}

std::optional<Element> Reader::next(std::uint8_t tag) {
  if (peek() != tag) return std::nullopt;
  return next();
}

std::optional<Element> only(ByteView bytes, std::uint8_t tag) {
  Reader reader(bytes);
  auto element = reader.next(tag);
  if (!reader.at_end()) return std::nullopt;
  return element;
}

std::optional<ByteView> whole_octets(const Element& bit_string) {
  if (bit_string.tag != tag::bit_string || bit_string.content.empty() || bit_string.content[0] != 0) {
    return std::nullopt;
  }
  return bit_string.content.subspan(1);
}

bool well_formed(ByteView bytes) {
  constexpr std::uint8_t kConstructed = 0x20;
  std::vector<Reader> open{Reader(bytes)};  // one for each level; a level costs two octets of input at least
  while (!open.empty()) {
    if (open.back().at_end()) {
      open.pop_back();
      continue;
    }
    const auto element = open.back().next();
    if (!element) return false;
    if ((element->tag & kConstructed) != 0) open.emplace_back(element->content);
  }
  return true;
}

std::optional<std::string> oid_text(ByteView content) {
  constexpr std::uint8_t kMore = 0x80;
  constexpr std::uint64_t kMostArc = std::uint64_t{1} << 56U;
  if (content.empty() || (content.back() & kMore) != 0) return std::nullopt;
  std::string text;
  std::uint64_t arc = 0;
  bool begins = true;
  for (const std::uint8_t octet : content) {
    if (begins && octet == kMore) return std::nullopt;  // X.690 §8.19.2: not the shortest
    if (arc >= kMostArc) return std::nullopt;
    arc = arc << 7U | (octet & 0x7fU);
    begins = (octet & kMore) == 0;
    if (!begins) continue;
    if (text.empty()) {  // X.690 §8.19.4: the first two arcs share one number
      const std::uint64_t first = arc < 80 ? arc / 40 : 2;
      text = fmt::format("{}.{}", first, arc - first * 40);
    } else {
      text += fmt::format(".{}", arc);
    }
    arc = 0;
  }
  return text;
}

}  // namespace symbolon::x509::der
