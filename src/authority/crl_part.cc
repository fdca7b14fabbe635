#include "authority/crl_part.h"

#include <charconv>

#include "base/error.h"

namespace symbolon::authority {
namespace {

constexpr std::uint16_t kOctets = 256;  // values of one
constexpr std::string_view kSuffix = ".crl";
constexpr std::string_view kDelta = "delta";

std::optional<std::uint16_t> number_in(std::string_view text) {
  std::uint16_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool canonical = text == "0" || !text.starts_with('0');
  if (error != std::errc() || end != text.data() + text.size() || !canonical) return std::nullopt;
  return out;
}

}  // namespace

bool is_shard_count(std::int64_t count) { return count >= 2 && count <= kMostShards && (count & (count - 1)) == 0; }

CrlPart CrlPart::of(const signer::CrlName& name) {
  return {.delta = name.base != 0, .shards = name.shards, .shard = name.shard};
}

CrlPart CrlPart::of(const x509::SerialNumber& serial, std::uint16_t shards) {
  ENSURE(is_shard_count(shards));
  return {.shards = shards, .shard = static_cast<std::uint16_t>(serial.magnitude().back() * shards / kOctets)};
}

std::string CrlPart::place(std::string_view issuer) const {
  if (delta) return fmt::format("{}/{}{}", issuer, kDelta, kSuffix);
  if (shards != 0) return fmt::format("{}/{}-{}{}", issuer, shards, shard, kSuffix);
  return fmt::format("{}{}", issuer, kSuffix);
}

std::optional<CrlPart> CrlPart::from_file(std::string_view file) {
  if (!file.ends_with(kSuffix)) return std::nullopt;
  file.remove_suffix(kSuffix.size());
  if (file == kDelta) return CrlPart{.delta = true};
  const auto dash = file.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto shards = number_in(file.substr(0, dash));
  const auto shard = number_in(file.substr(dash + 1));
  if (!shards || !shard || !is_shard_count(*shards) || *shard >= *shards) return std::nullopt;
  return CrlPart{.shards = *shards, .shard = *shard};
}

ledger::RevocationRange CrlPart::range() const {
  if (shards == 0) return {};
  const int width = kOctets / shards;
  return {.first_octet = static_cast<std::uint8_t>(shard * width),
          .last_octet = static_cast<std::uint8_t>((shard + 1) * width - 1)};
}

std::string CrlPlaces::of(const CrlPart& part, std::string_view issuer) const {
  return url.empty() ? std::string() : fmt::format("{}/{}", url, part.place(issuer));
}

}  // namespace symbolon::authority
