#include "authority/crl_config.h"

#include "config/value.h"
#include "x509/name.h"

namespace symbolon::authority {

Result<std::string> parse_public_url(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const bool plain = text.find_first_of("?#") == std::string_view::npos;
  if (!text.starts_with("http://") || text.size() == std::string_view("http://").size() || !plain) {
    return fail(Code::config_bad_value, "'{}' is no http:// URL without query", text);
  }
  return TRY(x509::GeneralName::uri(text)).value;
}

config::Table<CrlConfig> crl_table() {
  config::Table<CrlConfig> table(
      "crl",
      "Revocation lists for other programs (RFC 5280): one for each CA whose key is at hand, "
      "new soon after each revocation, in the folder `crl` of the state.");
  table
      .optional(
          "listen", &CrlConfig::listen,
          config::parsed<net::Endpoint>("an endpoint such as :8480", net::Endpoint::parse),
          {"Where they are served as /NAME.crl, in plain HTTP: they are signed, and whoever checks a certificate must "
           "reach them.",
           ":8480"})
      .optional(
          "url", &CrlConfig::url, config::parsed<std::string>("an http:// URL without query", parse_public_url),
          {"Under which others find them: certificates then name URL/NAME.crl as their distribution point (but see "
           "`crl` of profiles).",
           "http://crl.example.internal:8480"})
      .optional("next_update", &CrlConfig::next_update, config::duration(kShortestCrl, kLongestCrl),
                {"How long a list counts. A new one is made when a quarter of it has passed.", "7d"})
      .optional(
          "delta", &CrlConfig::delta, config::duration(kShortestCrl, kLongestCrl),
          {"How long a delta CRL counts, which says what changed since an older list: one is made beside each list, "
           "and both when a quarter of this has passed; certificates name it beside the list (freshestCRL). Without "
           "it, there is none. It needs `url`.",
           "6h"})
      .check(
          [](const CrlConfig& crl) -> Status {
            if (!crl.delta || (crl.url && *crl.delta <= crl.next_update)) return {};
            return fail(Code::config_bad_value, "{}",
                        crl.url ? "it lasts longer than `next_update`" : "there is no `url`");
          },
          "delta");
  return table;
}

}  // namespace symbolon::authority
