#include "gateway/crl_config.h"

#include <algorithm>

#include "config/value.h"

namespace symbolon::gateway {
namespace {

constexpr std::string_view kFileScheme = "file:";
constexpr std::string_view kGraceWord = "grace ";

// RFC 3986 §3.1. One letter is no scheme, and a path that looks like one can be written with "./".
bool has_scheme(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon > 1 && std::ranges::all_of(text.substr(0, colon), is_letter);
}

// RFC 8089: "file:/path" or "file:///path", of this machine. Not decoded: an octet that must be written as %xx is
// refused.
Result<Path> file_of_url(std::string_view text) {
  std::string_view path = text.substr(kFileScheme.size());
  if (path.starts_with("//")) path.remove_prefix(2);
  if (path.starts_with("localhost/")) path.remove_prefix(std::string_view("localhost").size());
  if (!path.starts_with('/') || path.starts_with("//"))
    return fail(Code::config_bad_value, "a file URL of this machine begins with file:///");
  if (path.find_first_of("%?#\n") != std::string_view::npos)
    return fail(Code::config_bad_value, "such a file is named by its path, not by a URL");
  return Path(path).lexically_normal();
}

Result<CrlUrl> http_url(std::string_view text) {
  auto url = http::parse_http_url(text);
  if (!url)
    return fail(Code::config_bad_value, "{} (a list is fetched by http: or file:, it is signed)", url.error().words);
  return CrlUrl{std::string(text), std::move(*url)};
}

config::Value<CrlPlace> place_value() {
  config::Value<CrlPlace> out =
      config::as<CrlPlace>(config::parsed<CrlUrl>("a file, or a URL that begins with http: or file:", http_url));
  const auto path = config::path();
  out.read = [path, url = out.read, file = config::parsed<Path>("a file URL", file_of_url).read](
                 const config::Node& node, config::Reader& reader) -> std::optional<CrlPlace> {
    if (node.shape == config::Shape::scalar && node.scalar.starts_with(kFileScheme)) {
      auto named = file(node, reader);
      if (!named) return std::nullopt;
      reader.note_path(*named);
      return CrlPlace(std::move(*named));
    }
    if (node.shape != config::Shape::scalar || has_scheme(node.scalar)) return url(node, reader);
    auto named = path.read(node, reader);
    return named ? std::optional(CrlPlace(std::move(*named))) : std::nullopt;
  };
  return out;
}

Result<OnStale> grace(std::string_view text) {
  if (!text.starts_with(kGraceWord)) return fail(Code::config_bad_value, "it begins with `grace`");
  return OnStale{TRY(parse_duration(text.substr(kGraceWord.size())))};
}

config::Value<OnStale> on_stale_value() {
  enum class Word : std::uint8_t { refuse, insecure_last_known };
  auto words = config::as<OnStale>(
      config::choice<Word>({{"refuse", Word::refuse}, {"insecure_last_known", Word::insecure_last_known}}),
      [](Word word) { return word == Word::refuse ? OnStale{Seconds{0}} : OnStale{std::nullopt}; });
  return config::either<OnStale>(
      {std::move(words), config::parsed<OnStale>("`grace` and a duration, such as `grace 24h`", grace)});
}

Status check_crl(const CrlConfig& crl) {
  if (crl.url() != nullptr && !crl.issuers)
    return fail(Code::config_missing_key,
                "`issuers` is missing: whose list a URL gives must be known before the first one came");
  if (crl.file() != nullptr && crl.refresh)
    return fail(Code::config_bad_value, "`refresh` would do nothing: a file is read again when it changes");
  return {};
}

config::Table<CrlConfig> crl_table() {
  config::Table<CrlConfig> t("crl", "One source of lists.");
  t.required("from", &CrlConfig::from, place_value(),
             {"A file (one CRL in DER, or any number in PEM; a change is noticed), or an http: URL, which is asked "
              "again and again.",
              "http://crl.example.com/ca.crl"})
      .optional("issuers", &CrlConfig::issuers, config::path(),
                {"PEM: the CAs whose lists these may be. Whatever they issued is refused as long as no list covers it. "
                 "Needed for a URL; for a file the CAs that routes trust, by default.",
                 "/etc/symbolon/foreign-ca.crt"})
      .optional(
          "on_stale", &CrlConfig::on_stale, on_stale_value(),
          "When a list's nextUpdate has passed: `refuse` what its CA issued at once "
          "(`..._revocation_unknown`), after `grace 24h` (the default), or never (`insecure_last_known`). What it "
          "lists stays revoked.")
      .optional("refresh", &CrlConfig::refresh, config::duration(Seconds{1}, kDay * 30),
                "How long after a list came from the URL it is asked for again, at the latest; 1h by default. Sooner "
                "where half of the time to its nextUpdate is shorter.")
      .check(check_crl)
      .place(&CrlConfig::place);
  return t;
}

}  // namespace

config::Value<std::vector<CrlConfig>> crls_value() {
  return config::list_of(config::table(crl_table()), {.most = 1000, .unique_key = "from"});
}

}  // namespace symbolon::gateway
