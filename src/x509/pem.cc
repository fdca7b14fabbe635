#include "x509/pem.h"

#include <algorithm>

namespace symbolon::x509 {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  return line;
}

// RFC 7468 §3, of the labels that exist. Anything else is not repeated in words: a file whose line breaks were lost has
// a whole key there.
bool is_label(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  return !text.empty() && text.size() <= kLongest &&
         std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' '; });
}

// The label of "-----BEGIN label-----", empty if the line is none.
std::string_view label_of(std::string_view line, std::string_view start) {
  if (!line.starts_with(start) || !line.ends_with(kDashes) || line.size() < start.size() + kDashes.size()) return {};
  const std::string_view label = line.substr(start.size(), line.size() - start.size() - kDashes.size());
  return is_label(label) ? label : std::string_view();
}

}  // namespace

Result<std::vector<PemBlock>> parse_pem(std::string_view text, std::string_view where) {
  std::vector<PemBlock> blocks;
  std::string body;
  bool inside = false;
  int number = 0;
  const auto place = [&](int line) {
    return where.empty() ? fmt::format("line {}", line) : fmt::format("{}:{}", where, line);
  };
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    ++number;
    if (!inside) {
      const std::string_view label = label_of(line, kBegin);
      if (label.empty() && line.starts_with(kBegin)) {
        return fail_at(place(number), Code::pem_malformed, "a line begins a block and holds more than its label");
      }
      if (label.empty()) continue;
      blocks.push_back({std::string(label), {}, number});
      body.clear();
      inside = true;
      continue;
    }
    if (line.starts_with(kEnd)) {
      PemBlock& block = blocks.back();
      if (label_of(line, kEnd) != block.label) {
        return fail_at(place(number), Code::pem_malformed, "this line does not end '{}'", block.label);
      }
      if (!block.label.ends_with("PRIVATE KEY")) {
        auto der = from_base64(body);
        if (!der) return fail_at(place(block.line), Code::pem_malformed, "the block '{}' is not base64", block.label);
        block.der = std::move(*der);
      }
      inside = false;
      continue;
    }
    if (line.starts_with(kDashes)) {
      return fail_at(place(number), Code::pem_malformed, "'{}' has no END", blocks.back().label);
    }
    if (line.find(':') != std::string_view::npos || blocks.back().label.ends_with("PRIVATE KEY")) continue;
    body += line;
  }
  if (inside) return fail_at(place(blocks.back().line), Code::pem_malformed, "'{}' has no END", blocks.back().label);
  return blocks;
}

std::string encode_pem(std::string_view label, ByteView der) {
  constexpr std::size_t kLine = 64;  // RFC 7468 §2
  const std::string body = to_base64(der);
  std::string out = fmt::format("-----BEGIN {}-----\n", label);
  for (std::size_t at = 0; at < body.size(); at += kLine) {
    out += std::string_view(body).substr(at, kLine);
    out += '\n';
  }
  out += fmt::format("-----END {}-----\n", label);
  return out;
}

bool looks_like_pem(std::string_view text) { return text.find(kBegin) != std::string_view::npos; }

}  // namespace symbolon::x509
