#include "authority/ocsp_config.h"

#include "authority/crl_config.h"
#include "config/value.h"

namespace symbolon::authority {

std::string OcspConfig::path() const {
  if (!url) return "/";
  const auto slash = url->find('/', std::string_view("http://").size());
  return slash == std::string::npos ? "/" : url->substr(slash);
}

config::Table<OcspConfig> ocsp_table() {
  config::Table<OcspConfig> table("ocsp",
                                  "Answers whether certificates are revoked (RFC 6960), for whoever asks, in plain "
                                  "HTTP: the answers are signed, by a key for each CA that lives in memory alone.");
  table
      .optional("listen", &OcspConfig::listen,
                config::parsed<net::Endpoint>("an endpoint such as :8480", net::Endpoint::parse),
                {"Where they are given. Default: where the CRLs are served (`crl.listen`).", ":8480"})
      .optional("url", &OcspConfig::url, config::parsed<std::string>("an http:// URL without query", parse_public_url),
                {"Under which others find them: certificates then name it (but see `ocsp` of profiles). Its path is "
                 "where they are given.",
                 "http://ca.example.internal:8480/ocsp"})
      .optional("next_update", &OcspConfig::next_update, config::duration(kShortestOcsp, kLongestOcsp),
                {"How long an answer counts. Who has one need not ask again as long: a revocation reaches them that "
                 "late.",
                 "4h"});
  return table;
}

}  // namespace symbolon::authority
