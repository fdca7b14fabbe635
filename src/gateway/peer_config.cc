#include "gateway/peer_config.h"

#include <algorithm>

#include "config/value.h"

namespace symbolon::gateway {
namespace {

constexpr std::size_t kLongestProtocol = 255;  // RFC 7301 §3.1

// "authority" is a word; everything else is a file.
config::Value<TrustSource> trust_source_value() {
  enum class Word : std::uint8_t { authority };
  auto authority = config::as<TrustSource>(config::choice<Word>({{"authority", Word::authority}}),
                                           [](Word) { return TrustSource{}; });
  auto file = config::as<TrustSource>(config::path(), [](Path path) { return TrustSource{std::move(path)}; });
  return config::either<TrustSource>({std::move(authority), std::move(file)});
}

// Those that are registered are all text.
Result<std::string> protocol(std::string_view text) {
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (text.empty() || text.size() > kLongestProtocol || !std::ranges::all_of(text, printable))
    return fail(Code::config_bad_value, "a protocol has 1 to {} printable characters", kLongestProtocol);
  return std::string(text);
}

}  // namespace

config::Value<net::Endpoint> endpoint_value() {
  return config::parsed<net::Endpoint>("an endpoint such as :8443, 127.0.0.1:3000 or unix:/run/app.sock",
                                       [](std::string_view text) { return net::Endpoint::parse(text); });
}

config::Value<int> depth_value() {
  return config::as<int>(config::integer(0, 8), [](std::int64_t depth) { return static_cast<int>(depth); });
}

config::Value<std::vector<TrustSource>> trust_value() { return config::list_of(trust_source_value(), {.least = 1}); }

config::Value<x509::PathCheck> path_check_value() {
  return config::choice<x509::PathCheck>({{"rfc5280", x509::PathCheck::rfc5280}, {"strict", x509::PathCheck::strict}});
}

config::Value<std::vector<std::string>> protocols_value() {
  return config::list_of(config::parsed<std::string>("an application protocol such as h2", protocol),
                         {.least = 1, .most = 16});
}

config::Value<CertificateSource> certificate_value(const std::string& profile) {
  struct FromAuthority {
    bool from = true;
    std::vector<std::string> names;
    std::optional<std::string> profile;
  };
  config::Table<FromAuthority> issued("certificate", "Issued and renewed by the authority.");
  issued.required("from", &FromAuthority::from, config::choice<bool>({{"authority", true}}), "Who issues it.")
      .required("names", &FromAuthority::names, config::list_of(config::string(), {.least = 1}),
                "Names that the certificate holds: host names or addresses.")
      .optional("profile", &FromAuthority::profile, config::string(),
                config::Help(fmt::format("The authority's profile; `{}` by default.", profile), ""));
  config::Table<CertificateFiles> files("certificate", "Kept in files.");
  files.required("cert", &CertificateFiles::cert, config::path(), "PEM file: the certificate, then its intermediates.")
      .required("key", &CertificateFiles::key, config::path(), "PEM file with the private key, readable by us alone.");
  auto from_authority = config::as<CertificateSource>(config::table(issued), [profile](FromAuthority read) {
    return CertificateSource(CertificateFromAuthority{std::move(read.names), read.profile.value_or(profile)});
  });
  auto from_files = config::as<CertificateSource>(
      config::table(files), [](CertificateFiles read) { return CertificateSource(std::move(read)); });
  return config::either<CertificateSource>({std::move(from_authority), std::move(from_files)});
}

}  // namespace symbolon::gateway
