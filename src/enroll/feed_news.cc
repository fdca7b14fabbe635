#include "enroll/feed_news.h"

#include <malloc.h>

#include <algorithm>
#include <map>

namespace symbolon::enroll {
namespace {

constexpr std::size_t kFew = 256;  // entries that are added one by one

}  // namespace

using revocation::IssuerKey;

Result<std::string> block_of(const api::FeedPage& page) {
  if (page.entries.empty()) return page.block;
  std::vector<std::string> issuers;
  for (const std::string& issuer : page.issuers) {
    const IssuerKey key = TRY(issuer_key(issuer));
    issuers.push_back(to_hex(key.octets));
  }
  std::string out = TRY(api::block_head(page.entries.front().number, issuers));
  for (std::size_t i = 0; i < page.entries.size(); ++i) {
    const api::FeedEntry& entry = page.entries[i];
    const auto issuer = std::ranges::find(issuers, entry.issuer);
    if (issuer == issuers.end()) return fail(Code::bad_request, "entry {} is of no issuer of its page", entry.number);
    if (entry.number != page.entries.front().number + static_cast<std::int64_t>(i)) {
      return fail(Code::bad_request, "entry {} is out of its order", entry.number);
    }
    const auto serial = TRY(x509::SerialNumber::parse(entry.serial));
    api::append_packed(out, {.issuer = static_cast<std::uint16_t>(issuer - issuers.begin()),
                             .reason = entry.reason,
                             .at = entry.at,
                             .invalid_since = entry.invalid_since,
                             .serial = serial.magnitude()});
  }
  return out;
}

void give_memory_back() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

Status Checks::add(std::shared_ptr<const Page> page, FeedPlace before) {
  const bool few = page->block->size() <= kFew;
  const auto check = [page = std::move(page), before = std::move(before)] {
    return check_page(before.digest, *page->block, page->end.digest, page->head);
  };
  if (few) return check();
  if (running_.size() == kMostHeld) TRY(wait_for_one());
  running_.push_back(std::async(std::launch::async | std::launch::deferred, check));
  return {};
}

Status Checks::finish() {
  while (!running_.empty()) TRY(wait_for_one());
  return {};
}

Status Checks::wait_for_one() {
  Status out = running_.front().get();
  running_.pop_front();
  return out;
}

Status News::add(const Page& page) {
  std::map<std::string, IssuerKey, std::less<>> keys;  // by their digests
  for (const std::string& issuer : page.said->issuers) {
    const IssuerKey key = TRY(issuer_key(issuer));
    keys.emplace(as_text(key.octets), key);
    issuers_.insert(key);
  }
  if (!page.block) return {};
  std::vector<IssuerKey> issuers;
  for (std::size_t i = 0; i < page.block->issuers(); ++i) {
    const auto key = keys.find(as_text(page.block->issuer(i)));
    if (key == keys.end()) return fail(Code::bad_request, "entries are of no issuer of their page");
    issuers.push_back(key->second);
  }
  page.block->for_each([&](const api::PackedEntry& entry) {
    const auto serial = *x509::SerialNumber::from_magnitude(entry.serial);
    const auto effect = effect_of(entry.reason);
    if (effect != revocation::Effect::revoked) {
      holds_.push_back({issuers[entry.issuer], serial, entry.at, effect});
    } else if (few_.size() < kFew) {
      few_.push_back({issuers[entry.issuer], serial, entry.at, effect});
    } else {
      many_.add(issuers[entry.issuer], serial, entry.at);
      more_ = true;
    }
  });
  return {};
}

void News::enforce(revocation::RevocationSource& source) {
  const auto enforced = source.current();
  std::erase_if(issuers_, [&](const IssuerKey& key) { return enforced->knows(key); });
  if (!more_ && issuers_.empty()) {
    few_.insert(few_.end(), holds_.begin(), holds_.end());  // no hold changes what is revoked for good
    source.apply(few_);
    return;
  }
  many_.add(*enforced);
  for (const auto& changes : {few_, holds_}) {
    for (const revocation::Change& change : changes) many_.change(change);
  }
  for (const IssuerKey& key : issuers_) many_.issuer(key, {});
  source.swap(many_.build());
  if (more_) give_memory_back();
}

}  // namespace symbolon::enroll
