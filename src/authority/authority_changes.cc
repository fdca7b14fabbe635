// Two persons: what one asks for another approves, and then it may be done once.
#include <unistd.h>

#include <charconv>

#include "authority/authority_impl.h"

namespace symbolon::authority {
namespace {

constexpr std::size_t kMostShown = 1000;
constexpr Seconds kApprovalHolds = kDay * 7;
constexpr std::size_t kLongestWords = 16 * 1024;  // octets: a list of changes must go into an answer

crypto::Sha256 digest_of(std::string_view kind, std::string_view content, std::string_view person) {
  return crypto::sha256(
      as_bytes(fmt::format("{}:{}{}:{}{}:{}", kind.size(), kind, content.size(), content, person.size(), person)));
}

api::ChangeInfo view_of(const ledger::Change& change) {
  return {.id = std::to_string(change.id.value),
          .kind = change.kind,
          .what = change.what,
          .digest = to_hex(change.digest),
          .asked_by = change.asked_by,
          .asked_at = change.asked_at,
          .approved_by = change.approved_by,
          .approved_at = change.approved_at,
          .used_at = change.used_at};
}

// Whoever approves sees that there is more.
std::string shortened(std::string words) {
  if (words.size() <= kLongestWords) return words;
  std::size_t end = kLongestWords;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xc0U) == 0x80U) --end;  // not within a character
  return fmt::format("{}... (cut: {} octets)", std::string_view(words).substr(0, end), words.size());
}

std::unexpected<Error> needs(const ledger::Change& change) {
  return fail(Code::approval_needed, "change {}: {}", change.id.value, change.what);
}

// The configuration is changed by whoever owns this machine's state.
std::string owner() { return fmt::format("unix: uid {}", ::geteuid()); }

}  // namespace

Status Authority::Impl::need_second_person(const std::string& kind, const std::string& words, std::string_view content,
                                           const Requester& requester) {
  if (options.two_persons == TwoPersons::not_needed) return {};
  const std::string what = shortened(words);
  ledger::Ledger& ledger = *state.ledger;
  const crypto::Sha256 digest = digest_of(kind, content, requester.person);
  const auto asked = TRY(ledger.ask_change({.kind = kind, .what = what, .digest = digest, .actor = requester.person}));
  if (!asked.approved_at) return needs(asked);
  // What was approved long ago is asked for anew: it is spent, and nothing is done.
  const bool stale = clock.now() > *asked.approved_at + kApprovalHolds;
  TRY(ledger.use_change(asked.id, requester.person));
  if (!stale) return {};
  return needs(TRY(ledger.ask_change({.kind = kind, .what = what, .digest = digest, .actor = requester.person})));
}

Status Authority::Impl::check_approved(const Profile& profile) {
  const auto unlike = unlike_builtin.find(profile.name);
  if (unlike == unlike_builtin.end()) return {};
  auto change = TRY(state.ledger->find_change(unlike->second));
  if (!change) {
    change = TRY(state.ledger->ask_change({.kind = "profile",
                                           .what = fmt::format("the profile '{}' of the configuration", profile.name),
                                           .digest = unlike->second,
                                           .actor = owner()}));
  }
  if (change->approved_at) return {};
  return needs(*change);
}

void Authority::Impl::ask_for_profiles(const std::string& organization) {
  if (options.two_persons == TwoPersons::not_needed) return;
  const ProfileSet builtin = builtin_profiles(organization);
  for (const auto& [name, profile] : issuance.profiles()) {
    const auto same = builtin.find(name);
    if (same != builtin.end() && canonical(same->second) == canonical(profile)) continue;
    unlike_builtin.emplace(name, digest_of("profile", canonical(profile), ""));
    // Those that are not approved are now asked for; what fails here fails again when something is issued.
    static_cast<void>(check_approved(profile));
  }
}

Result<api::ChangeList> Authority::changes() {
  api::ChangeList out;
  for (const ledger::Change& change : TRY(impl_->state.ledger->changes(kMostShown)))
    out.changes.push_back(view_of(change));
  return out;
}

Result<api::ChangeInfo> Authority::approve(const std::string& id, const Requester& requester) {
  ledger::ChangeId change;
  const auto [end, problem] = std::from_chars(id.data(), id.data() + id.size(), change.value);
  if (problem != std::errc() || end != id.data() + id.size())
    return fail(Code::not_found, "there is no change '{}'", id);
  return view_of(TRY(impl_->state.ledger->approve_change(change, requester.person)));
}

}  // namespace symbolon::authority
