#include "prove/identity_headers.h"

#include <algorithm>
#include <cctype>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace symbolon::prove {
namespace {

// Lower-case, with hyphens: services compare names like this, or as CGI does (RFC 3875 §4.1.18), where both are one.
std::string plain(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string with_underscores(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

std::string fresh_value() { return "forged-" + to_hex(crypto::random_bytes(6)); }

Forgery forge(std::string what, const std::vector<std::string>& names, int times) {
  Forgery out{std::move(what), {}, {}};
  for (const std::string& name : names) {
    for (int i = 0; i < times; ++i) {
      out.values.emplace_back(name, fresh_value());
      out.fields += name + ": " + out.values.back().second + "\r\n";
    }
  }
  return out;
}

}  // namespace

const std::vector<std::string>& usual_identity_headers() {
  static const std::vector<std::string> kNames{
      "Client-Cert",         "Client-Cert-Chain",        "X-Forwarded-Client-Cert", "X-SSL-Client-Cert",
      "X-SSL-Client-Verify", "X-SSL-Client-DN",          "X-SSL-Client-S-DN",       "X-SSL-Client-CN",
      "X-SSL-Client-Serial", "X-SSL-Client-Fingerprint", "X-Client-Cert",           "X-Client-DN",
      "X-Client-Verify",     "SSL-Client-Cert",          "SSL-Client-Verify",       "SSL-Client-S-DN",
      "X-ARR-ClientCert",
  };
  return kNames;
}

std::vector<std::string> shown_headers(std::string_view text) {
  const std::string within = plain(text);
  std::vector<std::string> out;
  for (const std::string& name : usual_identity_headers()) {
    const std::string wanted = plain(name);
    for (std::size_t at = within.find(wanted); at != std::string::npos; at = within.find(wanted, at + 1)) {
      const std::size_t after = at + wanted.size();
      const bool goes_on = after < within.size() &&
                           (std::isalnum(static_cast<unsigned char>(within[after])) != 0 || within[after] == '-');
      if (goes_on) continue;  // "Client-Cert" is no part of "Client-Cert-Chain"
      const bool longer = at >= 1 && within[at - 1] == '-' && !within.substr(0, at).ends_with("http-");
      if (longer) continue;  // nor of "X-Client-Cert"
      out.push_back(name);
      break;
    }
  }
  return out;
}

bool is_among(std::string_view header, const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [&](const std::string& name) { return plain(name) == plain(header); });
}

std::vector<std::string> Forgery::seen_in(std::string_view text) const {
  std::vector<std::string> out;
  for (const auto& [header, value] : values) {
    if (text.find(value) != std::string_view::npos) out.push_back(header);
  }
  return out;
}

std::vector<Forgery> forgeries(const std::vector<std::string>& more) {
  std::vector<std::string> names = usual_identity_headers();
  for (const std::string& name : more) {
    if (!is_among(name, names)) names.push_back(name);
  }
  std::vector<std::string> spelled;
  for (const std::string& name : names) spelled.push_back(with_underscores(name));
  std::vector<Forgery> out;
  out.push_back(forge("as they are", names, 1));
  out.push_back(forge("with underscores", spelled, 1));
  out.push_back(forge("twice", names, 2));
  return out;
}

std::string list(const std::vector<std::string>& names) {
  std::vector<std::string> once;
  std::string out;
  for (const std::string& name : names) {
    if (std::ranges::find(once, name) != once.end()) continue;
    once.push_back(name);
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

}  // namespace symbolon::prove
