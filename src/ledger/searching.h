// The search index with what it needs of the ledger: built in the background, answers with whole records.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "ledger/search_index.h"
#include "ledger/sqlite_reader.h"

namespace symbolon::ledger {

class Searching {
 public:
  // Begins to build the index. `readers` and `clock` outlive this.
  Searching(ReaderPool& readers, const Clock& clock);
  ~Searching();
  Searching(const Searching&) = delete;
  Searching& operator=(const Searching&) = delete;

  void post(std::vector<SearchChange> changes) { index_.post(std::move(changes)); }

  // See Ledger. They wait for the index, but for the newest of all and for whole serials.
  Result<Listing> list(const Query& query, const Page& page);
  Result<std::vector<CertificateRecord>> find(std::string_view what, std::size_t limit);
  Result<SearchIndex::Totals> totals();
  IndexState state() const;

 private:
  void build();
  Status load();
  Status wait_until_built();
  Status check_index_lacks(const x509::SerialNumber& serial);
  Result<Listing> newest(const Page& page);
  Result<SearchIndex::Hits> search(const Query& query, const Page& page);

  ReaderPool& readers_;
  const Clock& clock_;
  SearchIndex index_;
  std::atomic<bool> closing_ = false;
  mutable std::mutex mutex_;
  std::condition_variable built_;
  std::optional<Status> outcome_;  // of building
  std::thread builder_;
};

}  // namespace symbolon::ledger
