// A query made ready for scanning: what each row must hold, in numbers.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "ledger/query.h"
#include "ledger/search_block.h"

namespace symbolon::ledger {

struct SearchWords {
  const std::deque<std::string>& profiles;
  const std::deque<std::string>& requesters;
  const std::map<std::int64_t, std::string>& issuers;
};

class SearchSelection {
 public:
  SearchSelection(const Query& query, UnixSeconds now, const SearchWords& words);

  // The rows of the block that the query wants, among those that `allowed` lets in.
  template <typename Allowed>
  SearchBlock::Mask select(const SearchBlock& block, Allowed allowed) const {
    SearchBlock::Mask mask;
    const std::vector<SearchRow>& rows = block.rows();
    for (std::size_t at = 0; at < rows.size(); ++at) mask[at] = allowed(rows[at]) && (any_ || columns_fit(rows[at]));
    for (const TextTerm* term : texts_) {
      if (mask.none()) break;
      block.keep(*term, mask);
    }
    return mask;
  }

 private:
  // Which numbers of a word list are wanted.
  struct WordTerm {
    std::vector<bool> wanted;
    bool fits(std::uint32_t number) const { return number < wanted.size() && wanted[number]; }
  };
  bool columns_fit(const SearchRow& row) const;
  bool standing_fits(const StandingTerm& term, const SearchRow& row) const;

  const Query& query_;
  UnixSeconds now_;
  bool any_ = false;                    // no term is about a column
  std::vector<const TextTerm*> texts_;  // about the text of the row
  std::vector<WordTerm> profiles_;
  std::vector<WordTerm> requesters_;
  std::vector<WordTerm> issuers_;
};

}  // namespace symbolon::ledger
