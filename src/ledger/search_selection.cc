#include "ledger/search_selection.h"

#include <algorithm>

#include "ledger/text_scan.h"

namespace symbolon::ledger {
namespace {

bool word_fits(const TextTerm& term, std::string_view word) {
  return fits_pattern(lower_case(word), term.value) != term.negated;
}

bool time_fits(const TimeTerm& term, const SearchRow& row) {
  const bool about_end = term.field == TimeField::expires;
  if (row.state != CertificateState::issued) return false;  // nothing that was not issued expires or was issued
  const std::int64_t value = about_end ? row.not_after : row.changed_at;
  const bool fits = term.relation == Relation::before ? value < term.at.count : value > term.at.count;
  return fits != term.negated;
}

}  // namespace

SearchSelection::SearchSelection(const Query& query, UnixSeconds now, const SearchWords& words)
    : query_(query), now_(now) {
  const auto among = [](const TextTerm& term, const std::deque<std::string>& list) {
    WordTerm out;
    for (const std::string& word : list) out.wanted.push_back(word_fits(term, word));
    return out;
  };
  for (const TextTerm& term : query.texts) {
    switch (term.field) {
      case Field::profile: profiles_.push_back(among(term, words.profiles)); break;
      case Field::requester: requesters_.push_back(among(term, words.requesters)); break;
      case Field::issuer: {
        WordTerm wanted;
        for (const auto& [id, issuer] : words.issuers) {
          wanted.wanted.resize(static_cast<std::size_t>(id) + 1);
          wanted.wanted[static_cast<std::size_t>(id)] = word_fits(term, issuer);
        }
        issuers_.push_back(std::move(wanted));
        break;
      }
      case Field::any:
      case Field::subject:
      case Field::san:
      case Field::serial:
      case Field::fingerprint: texts_.push_back(&term); break;
    }
  }
  any_ = query.standings.empty() && query.times.empty() && profiles_.empty() && requesters_.empty() && issuers_.empty();
  // Long words are rare: what they leave over, the others are spared.
  std::ranges::sort(texts_, std::ranges::greater{}, [](const TextTerm* term) { return term->value.size(); });
}

bool SearchSelection::standing_fits(const StandingTerm& term, const SearchRow& row) const {
  const bool issued = row.state == CertificateState::issued;
  const bool expired = row.not_after < now_.count;
  bool fits = false;
  switch (term.standing) {
    case Standing::issued: fits = issued; break;
    case Standing::revoked: fits = row.revoked; break;
    case Standing::expired: fits = issued && !row.revoked && expired; break;
    case Standing::reserved: fits = row.state == CertificateState::reserved; break;
    case Standing::abandoned: fits = row.state == CertificateState::abandoned; break;
    case Standing::valid: fits = issued && !row.revoked && !expired; break;
  }
  return fits != term.negated;
}

bool SearchSelection::columns_fit(const SearchRow& row) const {
  const auto all = [](const std::vector<WordTerm>& terms, std::uint32_t number) {
    return std::ranges::all_of(terms, [number](const WordTerm& term) { return term.fits(number); });
  };
  return std::ranges::all_of(query_.standings, [&](const StandingTerm& term) { return standing_fits(term, row); }) &&
         std::ranges::all_of(query_.times, [&](const TimeTerm& term) { return time_fits(term, row); }) &&
         all(profiles_, row.profile) && all(requesters_, row.requester) && all(issuers_, row.issuer);
}

}  // namespace symbolon::ledger
