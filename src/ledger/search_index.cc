#include "ledger/search_index.h"

#include <algorithm>
#include <charconv>
#include <queue>

#include "ledger/search_selection.h"

namespace symbolon::ledger {

// Where a page begins: after this certificate, in the order of the query. Text: "17", or "1795254514.17" by end.
struct SearchIndex::Cursor {
  bool set = false;
  std::int64_t not_after = 0;
  std::int64_t id = 0;

  static Result<Cursor> parse(std::string_view text, Order order) {
    Cursor out;
    if (text.empty()) return out;
    const auto bad = [&] { return fail(Code::bad_request, "'{}' is not the cursor of a page", text); };
    const char* at = text.data();
    const char* const end = at + text.size();
    if (order == Order::expires) {
      const auto [after, problem] = std::from_chars(at, end, out.not_after);
      if (problem != std::errc{} || after == end || *after != '.') return bad();
      at = after + 1;
    }
    const auto [after, problem] = std::from_chars(at, end, out.id);
    if (problem != std::errc{} || after != end) return bad();
    out.set = true;
    return out;
  }
};

struct SearchIndex::Selection {
  Order order;
  SearchSelection rows;
};

std::uint32_t SearchIndex::Words::number(const std::string& word) {
  if (const auto known = numbers_.find(word); known != numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(words_.size());
  numbers_.emplace(words_.emplace_back(word), number);
  return number;
}

void SearchIndex::post(std::vector<SearchChange> changes) {
  constexpr std::size_t kMany = 512;
  bool many = false;
  {
    const std::lock_guard lock(waiting_mutex_);
    waiting_.insert(waiting_.end(), std::make_move_iterator(changes.begin()), std::make_move_iterator(changes.end()));
    many = waiting_.size() >= kMany;
  }
  // Where nobody searches, nobody else would take them over.
  if (many && mutex_.try_lock()) {
    const std::lock_guard lock(mutex_, std::adopt_lock);
    apply_waiting();
  }
}

std::uint64_t SearchIndex::waiting() const {
  const std::lock_guard lock(waiting_mutex_);
  return waiting_.size();
}

void SearchIndex::load(const CertificateRecord& record) {
  const std::unique_lock lock(mutex_);
  add(record);
}

void SearchIndex::load(const Revocation& entry) {
  if (!entry.certificate) return;
  const std::unique_lock lock(mutex_);
  apply(search_change_of(entry));
}

void SearchIndex::loaded() {
  const std::unique_lock lock(mutex_);
  loading_ = false;
}

void SearchIndex::apply_waiting() {
  if (loading_) return;
  std::vector<SearchChange> changes;
  {
    const std::lock_guard waiting(waiting_mutex_);
    changes.swap(waiting_);
  }
  for (const SearchChange& change : changes) apply(change);
}

void SearchIndex::add(const CertificateRecord& record) {
  if (!blocks_.empty() && record.id.value <= blocks_.back()->rows().back().id) return;  // loaded already
  if (blocks_.empty() || blocks_.back()->full()) blocks_.push_back(std::make_unique<SearchBlock>());
  const bool issued = record.state == CertificateState::issued;
  blocks_.back()->add({.id = record.id.value,
                       .not_after = record.validity.not_after.count,
                       .changed_at = record.issued_at.value_or(record.reserved_at).count,
                       .profile = profiles_.number(record.profile),
                       .requester = requesters_.number(record.requester),
                       .issuer = static_cast<std::uint32_t>(record.issuer.value),
                       .text_begin = 0,
                       .subject_size = 0,
                       .state = record.state,
                       .revoked = false},
                      record);
  totals_.issued += issued ? 1 : 0;
  totals_.unfinished += record.state == CertificateState::reserved ? 1 : 0;
}

SearchBlock* SearchIndex::block_of(CertificateId id) {
  const auto after =
      std::ranges::upper_bound(blocks_, id.value, {}, [](const auto& block) { return block->rows().front().id; });
  return after == blocks_.begin() ? nullptr : std::prev(after)->get();
}

void SearchIndex::apply(const SearchChange& change) {
  if (const auto* record = std::get_if<CertificateRecord>(&change)) return add(*record);
  const CertificateId id = std::visit([](const auto& each) { return each.id; }, change);
  SearchBlock* const block = block_of(id);
  if (block == nullptr) return;
  const auto row = std::ranges::lower_bound(block->rows(), id.value, {}, &SearchRow::id);
  if (row == block->rows().end() || row->id != id.value) return;
  const bool released = std::holds_alternative<CertificateReleased>(change);
  if (released || std::holds_alternative<CertificateRevoked>(change)) {
    if (row->revoked != released) return;
    row->revoked = !released;
    const bool unfinished = row->state == CertificateState::reserved;
    if (released) {
      --totals_.revoked;
      totals_.unfinished += unfinished ? 1 : 0;
    } else {
      ++totals_.revoked;
      totals_.unfinished -= unfinished ? 1 : 0;
    }
    return;
  }
  if (row->state != CertificateState::reserved) return;  // it was loaded as it is now
  if (!row->revoked) --totals_.unfinished;
  row->state = CertificateState::abandoned;
  if (const auto* issued = std::get_if<CertificateIssued>(&change)) {
    row->state = CertificateState::issued;
    row->changed_at = issued->at.count;
    block->set_fingerprint(static_cast<std::size_t>(row - block->rows().begin()), issued->fingerprint);
    ++totals_.issued;
  }
}

SearchIndex::Totals SearchIndex::totals() {
  const std::unique_lock lock(mutex_);
  apply_waiting();
  return totals_;
}

Result<SearchIndex::Hits> SearchIndex::search(const Query& query, const Page& page, UnixSeconds now,
                                              const std::map<std::int64_t, std::string>& issuer_names) {
  const Cursor cursor = TRY(Cursor::parse(page.after, query.order));
  {
    const std::unique_lock lock(mutex_);
    apply_waiting();
  }
  const std::shared_lock lock(mutex_);
  const SearchWords words{profiles_.all(), requesters_.all(), issuer_names};
  const Selection selection{query.order, SearchSelection(query, now, words)};
  return query.order == Order::expires ? scan_soonest(selection, page, cursor) : scan(selection, page, cursor);
}

// By id, up or down, until the page is full.
SearchIndex::Hits SearchIndex::scan(const Selection& selection, const Page& page, const Cursor& cursor) const {
  Hits hits;
  const bool up = selection.order == Order::oldest;
  const auto allowed = [&](const SearchRow& row) {
    return !cursor.set || (up ? row.id > cursor.id : row.id < cursor.id);
  };
  for (std::size_t n = 0; n < blocks_.size(); ++n) {
    const SearchBlock& block = *blocks_[up ? n : blocks_.size() - 1 - n];
    const std::vector<SearchRow>& rows = block.rows();
    if (cursor.set && (up ? rows.back().id <= cursor.id : rows.front().id >= cursor.id)) continue;
    const SearchBlock::Mask mask = selection.rows.select(block, allowed);
    for (std::size_t i = 0; mask.any() && i < rows.size(); ++i) {
      const std::size_t at = up ? i : rows.size() - 1 - i;
      if (!mask[at]) continue;
      if (hits.ids.size() == page.limit) {
        hits.next = fmt::format("{}", hits.ids.back().value);
        return hits;
      }
      hits.ids.push_back({rows[at].id});
    }
  }
  return hits;
}

// The soonest-ending of all, kept in a heap of one page.
SearchIndex::Hits SearchIndex::scan_soonest(const Selection& selection, const Page& page, const Cursor& cursor) const {
  using Key = std::pair<std::int64_t, std::int64_t>;  // end, id
  std::priority_queue<Key> soonest;                   // the latest of them on top
  const Key begin{cursor.not_after, cursor.id};
  const std::size_t wanted = page.limit + 1;  // one more tells that there is another page
  const auto allowed = [&](const SearchRow& row) {
    const Key key{row.not_after, row.id};
    return (!cursor.set || key > begin) && (soonest.size() < wanted || key < soonest.top());
  };
  for (const auto& block : blocks_) {
    const SearchBlock::Mask mask = selection.rows.select(*block, allowed);
    for (std::size_t at = 0; mask.any() && at < block->rows().size(); ++at) {
      const SearchRow& row = block->rows()[at];
      if (!mask[at] || !allowed(row)) continue;
      soonest.emplace(row.not_after, row.id);
      if (soonest.size() > wanted) soonest.pop();
    }
  }
  Hits hits;
  const bool more = soonest.size() == wanted;
  if (more) soonest.pop();
  if (more && !soonest.empty()) hits.next = fmt::format("{}.{}", soonest.top().first, soonest.top().second);
  for (; !soonest.empty(); soonest.pop()) hits.ids.push_back({soonest.top().second});
  std::ranges::reverse(hits.ids);
  return hits;
}

}  // namespace symbolon::ledger
