#include "enroll/trust_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "enroll/trust_entries.h"

namespace symbolon::enroll {
namespace {

constexpr std::size_t kLongestSlug = 40;

// Lower-case letters, digits and single hyphens: safe as file name, NSS nickname and Java alias.
std::string slug(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (upper || plain) {
      out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
    if (out.size() == kLongestSlug) break;
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "root" : out;
}

}  // namespace

std::string trust_name(const x509::Certificate& root) {
  const auto organizations = root.subject().values("O");
  const std::string title =
      root.subject().common_name().value_or(organizations.empty() ? std::string() : organizations.front());
  return fmt::format("{}{}-{}", kTrustPrefix, slug(title), root.fingerprint().hex().substr(0, 8));
}

Status check_is_root(const x509::Certificate& root) {
  if (root.is_ca()) return {};
  return fail(Code::trust_unusable, "{} is no CA: nothing was installed", root.text());
}

const TrustedRoot* find_root(const std::vector<TrustedRoot>& roots, const x509::Certificate& root) {
  const auto found =
      std::find_if(roots.begin(), roots.end(), [&](const TrustedRoot& other) { return other.certificate == root; });
  return found == roots.end() ? nullptr : &*found;
}

}  // namespace symbolon::enroll
