#include "gateway/crl_source.h"

#include <algorithm>

namespace symbolon::gateway {
namespace {

using revocation::CrlFile;

bool holds(const std::vector<x509::Certificate>& list, const x509::Certificate& one) {
  return std::ranges::find(list, one) != list.end();
}

std::string kind_of(const CrlFile& crl) { return crl.is_delta() ? "delta CRL" : "CRL"; }

bool ends_soon(const CrlFile& crl, UnixSeconds now) {
  return now <= crl.next_update && (crl.next_update - now) * 4 < crl.next_update - crl.this_update;
}

Error soon(const CrlFile& crl, const std::string& from, UnixSeconds now) {
  return {Code::crl_ends_soon,
          fmt::format("the {} of {} from {} ends in {}, at {}, and no newer one came", kind_of(crl),
                      crl.issuer.subject().text(), from, to_words(crl.next_update - now), to_rfc3339(crl.next_update))};
}

Error stale(const CrlFile& crl, const CrlConfig& config, UnixSeconds now) {
  std::string what = "`on_stale: insecure_last_known` lets it count on";
  if (const auto grace = config.on_stale.grace) {
    const UnixSeconds until = crl.next_update + *grace;
    what = until < now ? fmt::format("since {} certificates of that CA are refused", to_rfc3339(until))
                       : fmt::format("from {} on certificates of that CA are refused", to_rfc3339(until));
  }
  return {Code::crl_stale, fmt::format("the {} of {} from {} should have been renewed by {}, {} ago: {}", kind_of(crl),
                                       crl.issuer.subject().text(), config.text(), to_rfc3339(crl.next_update),
                                       to_words(now - crl.next_update), what)};
}

}  // namespace

void CrlSourceState::follow(const CrlSourceState& before) {
  failures = before.failures;
  said_soon = before.said_soon;
  said_stale = before.said_stale;
  said_baseless = before.said_baseless;
  newest = before.newest;
  note_newest(before.lists);
  if (config.url() != nullptr) {
    // The signature was verified by the key that makes the issuer: no other one has it.
    for (const auto& crl : before.lists) {
      if (may_have(crl->issuer_key)) lists.push_back(crl);
    }
    return;
  }
  spoken_for = before.spoken_for;
  note_issuers_of(before.lists);
  std::erase_if(spoken_for, [this](const x509::Certificate& one) { return !may_have(IssuerKey::of(one)); });
}

bool CrlSourceState::may_have(const IssuerKey& issuer) const {
  return std::ranges::any_of(issuers, [&](const x509::Certificate& one) { return IssuerKey::of(one) == issuer; });
}

// A list of one issuer does not make an older one of another acceptable, nor one of a part an older whole one.
Status CrlSourceState::check_next(const CrlFiles& next) const {
  TRY(check_successors(newest, next));
  return check_successors(lists, next);
}

void CrlSourceState::note_newest(const CrlFiles& before) {
  for (const auto& crl : before) {
    std::erase_if(newest, [&](const auto& one) { return revocation::may_replace(*one, *crl); });
    newest.push_back(std::make_shared<const CrlFile>(CrlFile{.issuer = crl->issuer,
                                                             .issuer_key = crl->issuer_key,
                                                             .this_update = crl->this_update,
                                                             .next_update = crl->next_update,
                                                             .number = crl->number,
                                                             .base_number = crl->base_number,
                                                             .coverage = crl->coverage}));
  }
}

void CrlSourceState::put(CrlFiles next, const crypto::Sha256& of) {
  note_issuers_of(lists);
  note_newest(lists);
  lists = std::move(next);
  digest = of;
  problem.reset();
}

void CrlSourceState::note_issuers_of(const CrlFiles& before) {
  for (const auto& crl : before) {
    if (!holds(spoken_for, crl->issuer)) spoken_for.push_back(crl->issuer);
  }
}

void CrlSourceState::add_to(revocation::CrlSet::Contents& contents) const {
  const std::string from = config.text();
  for (const auto& crl : lists) contents.lists.push_back({crl, from, config.on_stale.grace});
  contents.demanded.insert(contents.demanded.end(), spoken_for.begin(), spoken_for.end());
  if (!config.issuers) return;
  contents.demanded.insert(contents.demanded.end(), issuers.begin(), issuers.end());
  if (!lists.empty()) return;
  for (const x509::Certificate& issuer : issuers)
    contents.awaited.push_back(
        {issuer, fmt::format("the CRL of {} was never fetched from {}{}", issuer.subject().text(), from,
                             problem ? ": " + problem->words : std::string())});
}

std::vector<Error> CrlSourceState::troubles(const CrlSet& judged_by, UnixSeconds now) const {
  std::vector<Error> out;
  const std::string from = config.text();
  if (lists.empty()) {
    std::string whose;
    for (const x509::Certificate& one : issuers) whose += (whose.empty() ? "" : ", ") + one.subject().text();
    out.push_back(
        {Code::crl_fetch_failed, fmt::format("the CRL from {} was not fetched yet: certificates of {} are refused{}",
                                             from, whose, problem ? ": " + problem->words : std::string())});
  } else if (problem) {
    out.push_back({problem->code, fmt::format("the CRL from {} cannot be refreshed: {}", from, problem->words)});
  }
  for (const auto& crl : lists) {
    if (judged_by.lacks_base(*crl)) out.push_back(base_missing(*crl));
    if (judged_by.delta_of(*crl) != nullptr) continue;  // it is as fresh as the delta
    if (crl->next_update < now) out.push_back(stale(*crl, config, now));
    if (ends_soon(*crl, now)) out.push_back(soon(*crl, from, now));
  }
  return out;
}

std::vector<Error> CrlSourceState::news(const CrlSet& judged_by, UnixSeconds now) {
  std::vector<Error> out;
  for (const auto& crl : lists) {
    if (judged_by.lacks_base(*crl) && said_baseless.insert(crl->this_update).second) out.push_back(base_missing(*crl));
    if (judged_by.delta_of(*crl) != nullptr) continue;
    if (crl->next_update < now && said_stale.insert(crl->next_update).second) out.push_back(stale(*crl, config, now));
    if (ends_soon(*crl, now) && said_soon.insert(crl->next_update).second)
      out.push_back(soon(*crl, config.text(), now));
  }
  return out;
}

std::string CrlSourceState::count_text() const {
  std::size_t count = 0;
  for (const auto& crl : lists) count += crl->entries.size();
  return std::to_string(count);
}

}  // namespace symbolon::gateway
