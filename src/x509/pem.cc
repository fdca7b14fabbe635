#include "x509/pem.h"

#include "x509/pem_line.h"

namespace symbolon::x509 {

using namespace pem_line;

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
      const std::string_view label = begun_label(line);
      if (label.empty() && begins(line)) {
        return fail_at(place(number), Code::pem_malformed, "a line begins a block and holds more than its label");
      }
      if (label.empty()) continue;
      blocks.push_back({std::string(label), {}, number});
      body.clear();
      inside = true;
      continue;
    }
    if (ends(line)) {
      PemBlock& block = blocks.back();
      if (ended_label(line) != block.label) {
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
