#include "tls/alpn.h"

#include "base/error.h"

namespace symbolon::tls {
namespace {
constexpr std::size_t kShown = 120;  // characters of a list in a message
}

std::string encode_protocols(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    ENSURE(!name.empty() && name.size() <= 255);
    out += static_cast<char>(name.size());
    out += name;
  }
  return out;
}

std::string text_of_protocols(std::string_view list) {
  std::string out;
  while (!list.empty() && out.size() < kShown) {
    const std::string_view name = list.substr(1).substr(0, static_cast<unsigned char>(list.front()));
    out += out.empty() ? "'" : ", '";
    for (const char c : name.substr(0, kShown)) out += c >= ' ' && c < 0x7f ? c : '?';
    out += "'";
    list.remove_prefix(1 + name.size());
  }
  return list.empty() ? out : out + ", ...";
}

}  // namespace symbolon::tls
