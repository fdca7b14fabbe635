// Searching, in memory: every query looks at every certificate, a few nanoseconds each, so that no query is slow.
// About 200 octets a certificate. Built from the ledger at the start, and told of every commit.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/ledger.h"
#include "ledger/search_block.h"
#include "ledger/search_change.h"

namespace symbolon::ledger {

class SearchIndex {
 public:
  struct Hits {
    std::vector<CertificateId> ids;
    std::string next;  // cursor; empty at the end
  };

  // For the committer: takes note, never waits for a search; the next search sees it.
  void post(std::vector<SearchChange> changes);
  // For building it at the start, by ascending ids. What is posted meanwhile waits until `loaded`; the state that is
  // loaded may hold some of it already.
  void load(const CertificateRecord& record);
  void load(const Revocation& entry);  // in their order
  void loaded();

  // `issuer_names` serves issuer: terms. Fails with bad_request when `page.after` is no cursor of this order.
  Result<Hits> search(const Query& query, const Page& page, UnixSeconds now,
                      const std::map<std::int64_t, std::string>& issuer_names);

  struct Totals {
    std::uint64_t issued = 0;
    std::uint64_t unfinished = 0;  // as LedgerStatus says
    std::uint64_t revoked = 0;     // likewise
  };
  Totals totals();
  std::uint64_t waiting() const;

 private:
  // Each text once, with a number.
  class Words {
   public:
    std::uint32_t number(const std::string& word);
    const std::deque<std::string>& all() const { return words_; }

   private:
    std::deque<std::string> words_;
    std::unordered_map<std::string_view, std::uint32_t> numbers_;
  };
  struct Selection;
  struct Cursor;

  void apply_waiting();  // with mutex_ held for writing
  void add(const CertificateRecord& record);
  SearchBlock* block_of(CertificateId id);  // that would hold it
  void apply(const SearchChange& change);
  Hits scan(const Selection& selection, const Page& page, const Cursor& cursor) const;
  Hits scan_soonest(const Selection& selection, const Page& page, const Cursor& cursor) const;

  mutable std::mutex waiting_mutex_;
  std::vector<SearchChange> waiting_;

  std::shared_mutex mutex_;                           // of what follows
  std::vector<std::unique_ptr<SearchBlock>> blocks_;  // by id, ascending
  Words profiles_;
  Words requesters_;
  Totals totals_;
  bool loading_ = true;
};

}  // namespace symbolon::ledger
