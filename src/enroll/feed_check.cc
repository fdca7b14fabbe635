#include "enroll/feed_check.h"

#include <algorithm>

namespace symbolon::enroll {

revocation::FeedChainEntry chain_entry_of(const api::FeedBlock& block, const api::PackedEntry& entry) {
  revocation::FeedChainEntry out{.serial = *x509::SerialNumber::from_magnitude(entry.serial),
                                 .reason = static_cast<std::uint8_t>(entry.reason),
                                 .at = entry.at,
                                 .invalid_since = entry.invalid_since};
  std::ranges::copy(block.issuer(entry.issuer), out.issuer.begin());
  return out;
}

crypto::Sha256 chain_over(const crypto::Sha256& before, const api::FeedBlock& block, const EachHash& each) {
  crypto::Sha256 hash = before;
  std::int64_t number = block.first();
  block.for_each([&](const api::PackedEntry& entry) {
    hash = revocation::feed_chain_next(hash, chain_entry_of(block, entry));
    if (each) each(number, hash);
    ++number;
  });
  return hash;
}

Result<std::optional<KeptHead>> head_of(const api::FeedPage& page) {
  if (!page.feed_head || !page.head_key) return std::optional<KeptHead>();
  const auto spki = from_base64(*page.head_key);
  if (!spki) return fail(Code::audit_head_not_ours, "its key is no base64");
  KeptHead out{.head = TRY(api::head_of(revocation::HeadKind::feed, *page.feed_head)), .key = *spki};
  TRY(revocation::check_signature(out.head, TRY(revocation::head_key(out.key))));
  return std::optional(std::move(out));
}

Status check_page(const std::string& before, const api::FeedBlock& block, const std::string& digest,
                  const std::optional<KeptHead>& head) {
  const crypto::Sha256 begin = before.empty() ? revocation::feed_chain_begin() : TRY(api::sha256_of(before));
  std::optional<crypto::Sha256> at_head;
  const auto wanted = head ? static_cast<std::int64_t>(head->head.head.count) : 0;
  EachHash each;
  if (wanted >= block.first() && wanted <= block.last()) {
    each = [&](std::int64_t number, const crypto::Sha256& hash) {
      if (number == wanted) at_head = hash;
    };
  }
  const crypto::Sha256 end = chain_over(begin, block, each);
  if (to_hex(end) != digest) {
    return fail(Code::feed_entry_not_ours, "the entries {} to {} do not lead to the digest that came with them",
                block.first(), block.last());
  }
  if (at_head && *at_head != head->head.head.hash) {
    return fail(Code::feed_entry_not_ours, "entry {} is not the one that is signed", wanted);
  }
  return {};
}

}  // namespace symbolon::enroll
