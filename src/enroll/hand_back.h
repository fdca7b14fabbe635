// What a gateway's journal knows and an authority that was restored from a backup does not: handed back, page by page
// (docs/api.md POST /v1/feed/hand-back).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/heads.h"
#include "base/error.h"
#include "base/file.h"
#include "enroll/feed_check.h"
#include "enroll/revocation_journal.h"

namespace symbolon::enroll {

// Entries of a journal beyond the newest past that it has in common with the authority.
class KnownBeyond {
 public:
  // `past` as a page says it that is `behind`. Fails as read_file.
  static Result<KnownBeyond> of(const Path& journal, const std::vector<api::FeedMark>& past);

  const FeedPlace& common() const { return common_; }
  // All of them, and what issuers there are.
  std::shared_ptr<const revocation::RevocationSet> set() const;
  std::int64_t newest() const;
  // Up to `last`, which is one of them, at most a page.
  api::HandBackRequest page_to(std::int64_t last) const;

 private:
  struct Piece {
    std::int64_t first = 0;
    std::string before;  // hash of the chain before it, hex
    std::vector<api::FeedEntry> entries;
  };
  FeedPlace common_;
  std::map<std::string, revocation::IssuerKey> issuers_;  // by FeedEntry::issuer
  std::vector<Piece> pieces_;                             // in order
};

// In whose name, and what vouches for it.
struct HandBackTerms {
  std::string gateway;
  KeptHead head;  // of an entry beyond known.common()
};
// Asks the authority once.
using HandBackCall = std::function<Result<api::HandBackAnswer>(const api::HandBackRequest&)>;
// Until the authority says that it has, or was told to give up, all that the head vouches for. Fails as the call does;
// with audit_head_not_ours or feed_entry_not_ours the authority wants none of it.
Status hand_back(const HandBackCall& call, const KnownBeyond& known, const HandBackTerms& terms);

}  // namespace symbolon::enroll
