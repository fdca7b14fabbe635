#include "api/heads.h"

#include <algorithm>

namespace symbolon::api {

SignedHead view_of(const revocation::SignedHead& head) {
  return {.count = static_cast<std::int64_t>(head.head.count),
          .hash = to_hex(head.head.hash),
          .time = head.head.time,
          .signature = to_base64(head.signature)};
}

Result<revocation::SignedHead> head_of(revocation::HeadKind kind, const SignedHead& head) {
  const auto hash = sha256_of(head.hash);
  auto signature = from_base64(head.signature);
  if (!hash || !signature || head.count < 0) {
    return fail(Code::audit_head_not_ours, "its hash is not 64 hexadecimal digits, or its signature no base64");
  }
  return revocation::SignedHead{
      .head = {.kind = kind, .count = static_cast<std::uint64_t>(head.count), .hash = *hash, .time = head.time},
      .signature = *std::move(signature)};
}

Result<revocation::FeedChainEntry> chain_entry_of(const FeedEntry& entry) {
  const auto issuer = TRY(sha256_of(entry.issuer));
  const auto serial = TRY(x509::SerialNumber::parse(entry.serial));
  return revocation::FeedChainEntry{.issuer = issuer,
                                    .serial = serial,
                                    .reason = static_cast<std::uint8_t>(entry.reason),
                                    .at = entry.at,
                                    .invalid_since = entry.invalid_since};
}

Result<crypto::Sha256> sha256_of(std::string_view hex) {
  const auto octets = from_hex(hex);
  crypto::Sha256 out{};
  if (!octets || octets->size() != out.size()) return fail(Code::bad_request, "64 hexadecimal digits are expected");
  std::ranges::copy(*octets, out.begin());
  return out;
}

}  // namespace symbolon::api
