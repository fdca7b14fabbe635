// Pages of the feed on their way into the set that a gateway judges by. Internal to enroll/.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/feed_block.h"
#include "enroll/feed_check.h"
#include "enroll/revocation_journal.h"
#include "revocation/revocation_source.h"

namespace symbolon::enroll {

// What a page has, in one form, whatever the authority gave. Fails with bad_request.
Result<std::string> block_of(const api::FeedPage& page);

// What was freed stays with the process otherwise, and a gateway would hold for ever what it needed for a moment.
void give_memory_back();

// A page that follows `place`, which it continues.
struct Page {
  std::unique_ptr<const api::FeedPage> said;  // never null
  std::optional<api::FeedBlock> block;        // a view of said->block
  FeedPlace end;                              // the beginning: the authority does not know the entry that was named
  std::optional<KeptHead> head = {};          // its key has signed it
};

// Pages are checked beside what is done with them: it costs as much as all the rest. Nothing of a page is to be
// enforced before finish().
class Checks {
 public:
  // `page` has a block, and follows `before`. Fails as check_page, for this page or an earlier one.
  Status add(std::shared_ptr<const Page> page, FeedPlace before);
  Status finish();

 private:
  static constexpr std::size_t kMostHeld = 3;  // pages; each is up to a mebibyte
  Status wait_for_one();
  std::deque<std::future<Status>> running_;
};

// What pages bring, until it is put in place at once: no set is built for each of them.
class News {
 public:
  // Fails with bad_request.
  Status add(const Page& page);
  // Beside what is enforced already. Once.
  void enforce(revocation::RevocationSource& source);

 private:
  std::set<revocation::IssuerKey> issuers_;
  std::vector<revocation::Change> few_;    // revoked for good, as those of many_
  std::vector<revocation::Change> holds_;  // put on hold or released, in order
  revocation::RevocationSet::Builder many_;
  bool more_ = false;
};

}  // namespace symbolon::enroll
