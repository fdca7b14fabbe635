#include "authority/taking_back.h"

#include <algorithm>
#include <condition_variable>
#include <ranges>
#include <tuple>
#include <variant>

#include "api/codec.h"
#include "authority/records_view.h"
#include "base/log.h"

namespace symbolon::authority {
namespace {

using revocation::FeedPoint;
using Outcome = api::HandBackAnswer::Outcome;

std::unexpected<Error> not_ours(const std::string& gateway, std::string_view words) {
  return fail(Code::feed_entry_not_ours, "gateway '{}': {}", gateway, words);
}

FeedPoint place_of(const revocation::Head& head) { return {head.count, head.hash}; }

bool follow_each_other(const std::vector<api::FeedEntry>& entries) {
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (entries[i].number != entries[i - 1].number + 1) return false;
  }
  return true;
}

// How many of those that share a commit the ledger did not have. The hooks run on the committer's thread.
class EnteredCount {
 public:
  explicit EnteredCount(std::size_t awaited) : awaited_(awaited) {}
  void take(const Result<ledger::RevocationOutcome>& outcome) {
    if (outcome) return take(!outcome->already_revoked, std::nullopt);
    take(false, outcome.error());
  }
  // One that finds no hold to end changes nothing.
  void take(const Result<ledger::ReleaseOutcome>& outcome) {
    if (outcome) return take(!outcome->already_released, std::nullopt);
    take(false, outcome.error().code == Code::not_on_hold ? std::nullopt : std::optional(outcome.error()));
  }
  Result<std::int64_t> wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return awaited_ == 0; });
    if (error_) return std::unexpected(*error_);
    return entered_;
  }

 private:
  void take(bool entered, const std::optional<Error>& error) {
    const std::lock_guard lock(mutex_);
    if (entered) ++entered_;
    if (error && !error_) error_ = error;
    if (--awaited_ == 0) done_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t awaited_;
  std::int64_t entered_ = 0;
  std::optional<Error> error_;
};

using Change = std::variant<ledger::NewRevocation, ledger::NewRelease>;

Change change_of(const revocation::FeedChainEntry& entry, ledger::IssuerId issuer, const std::string& gateway) {
  const auto reason =
      ledger::revocation_reason_from_number(entry.reason).value_or(ledger::RevocationReason::unspecified);
  const std::string actor = fmt::format("gateway {}, handed back", gateway);
  if (reason == ledger::RevocationReason::remove_from_crl) {
    return ledger::NewRelease{.issuer = issuer, .serial = entry.serial, .actor = actor, .released_at = entry.at};
  }
  return ledger::NewRevocation{.issuer = issuer,
                               .serial = entry.serial,
                               .reason = reason,
                               .invalid_since = entry.invalid_since,
                               .actor = actor,
                               .unknown_serial = ledger::UnknownSerial::accept,
                               .revoked_at = entry.at};
}

void submit(ledger::Ledger& ledger, Change change, const std::shared_ptr<EnteredCount>& count) {
  if (auto* const release = std::get_if<ledger::NewRelease>(&change)) {
    return ledger.release_async(std::move(*release),
                                [count](Result<ledger::ReleaseOutcome> outcome) { count->take(outcome); });
  }
  ledger.revoke_async(std::get<ledger::NewRevocation>(std::move(change)),
                      [count](Result<ledger::RevocationOutcome> outcome) { count->take(outcome); });
}

bool is_about_a_hold(const revocation::FeedChainEntry& entry) {
  return entry.reason == static_cast<std::uint8_t>(ledger::RevocationReason::certificate_hold) ||
         entry.reason == static_cast<std::uint8_t>(ledger::RevocationReason::remove_from_crl);
}

}  // namespace

TakingBack::TakingBack(Parts parts) : parts_(std::move(parts)) {}

void TakingBack::start() {
  const std::lock_guard lock(mutex_);
  const Status taken_up = take_up();
  if (!taken_up) {
    unreadable_ = taken_up.error();
    log(LogLevel::error, taken_up.error());
  }
  behind_ = unreadable_ || !shown_.empty();
}

Status TakingBack::take_up() {
  const auto content = read_file(parts_.file, 16 << 20);
  if (!content && content.error().code == Code::file_missing) return {};
  TRY(content);
  for (std::size_t begin = 0; begin < content->size();) {
    const std::size_t end = std::min(content->find('\n', begin), content->size());
    const auto line = TRY(api::decode<api::HandBackRequest>(content->substr(begin, end - begin)));
    const auto head = TRY(verified(line, line.gateway));
    if (!TRY(settled(head))) std::ignore = TRY(show(head, line.head, line.gateway));
    begin = end + 1;
  }
  return {};
}

Status TakingBack::check() const {
  if (!behind_) return {};
  const auto words = alarms();
  const auto first = std::ranges::find(words, Code::ledger_behind, &Error::code);
  return fail(Code::ledger_behind, "{}", first == words.end() ? "" : first->words);
}

Result<revocation::SignedHead> TakingBack::verified(const api::HandBackRequest& request, const std::string& gateway) {
  const auto key = TRY(parts_.key());
  const auto head = api::head_of(revocation::HeadKind::feed, request.head);
  if (!head) return not_ours(gateway, head.error().words);
  if (const Status signature = revocation::check_signature(*head, key); !signature) {
    return not_ours(gateway, signature.error().words);
  }
  return *head;
}

// Nothing more is to be taken for it.
Result<std::optional<api::HandBackAnswer>> TakingBack::settled(const revocation::SignedHead& head) {
  const auto accepted = TRY(parts_.ledger.rollback_accepted());
  const bool ours = TRY(parts_.history.has(place_of(head.head)));
  if (ours || proven_.contains(head.head.hash)) return std::optional(api::HandBackAnswer{.outcome = Outcome::done});
  if (accepted && head.head.time <= *accepted) return std::optional(api::HandBackAnswer{.outcome = Outcome::given_up});
  return std::optional<api::HandBackAnswer>();
}

Result<TakingBack::Shown*> TakingBack::show(const revocation::SignedHead& head, const api::SignedHead& as_shown,
                                            const std::string& gateway) {
  const auto known = shown_.find(head.head.hash);
  if (known != shown_.end()) return &known->second;
  behind_ = true;
  if (shown_.size() >= kMostHeads) return fail(Code::overloaded, "{} heads are shown already", shown_.size());
  Shown& shown =
      shown_.emplace(head.head.hash, Shown{.gateway = gateway, .head = as_shown, .proven = place_of(head.head)})
          .first->second;
  log(LogLevel::error, "the ledger is behind: nothing is issued until what a gateway knows is taken back",
      {{"code", std::string(name(Code::ledger_behind))},
       {"gateway", gateway},
       {"entry", std::to_string(head.head.count)},
       {"signed", to_rfc3339(head.head.time)}});
  return &shown;
}

Result<api::HandBackAnswer> TakingBack::hand_back(const api::HandBackRequest& request, const std::string& gateway) {
  const auto head = verified(request, gateway);
  const std::lock_guard lock(mutex_);
  if (!head) {
    if (head.error().code == Code::feed_entry_not_ours) refused_.insert_or_assign(gateway, head.error());
    return std::unexpected(head.error());
  }
  claims_.erase(gateway);
  if (const auto already = TRY(settled(*head))) {
    refused_.erase(gateway);
    done_with(head->head.hash);
    return *already;
  }
  const bool is_new = !shown_.contains(head->head.hash);
  Shown& shown = *TRY(show(*head, request.head, gateway));
  if (is_new) keep();
  auto answer = take_page(shown, request, gateway);
  if (!answer) {
    if (answer.error().code == Code::feed_entry_not_ours) refused_.insert_or_assign(gateway, answer.error());
    return answer;
  }
  refused_.erase(gateway);
  if (answer->outcome == Outcome::done) done_with(head->head.hash);
  return answer;
}

Result<api::HandBackAnswer> TakingBack::take_page(Shown& shown, const api::HandBackRequest& request,
                                                  const std::string& gateway) {
  const auto next = static_cast<std::int64_t>(shown.proven.number);
  if (request.entries.empty() || request.entries.back().number != next) {
    return api::HandBackAnswer{.outcome = Outcome::go_on, .next = next};
  }
  const auto before = api::sha256_of(request.before);
  if (!before || !follow_each_other(request.entries) || request.entries.front().number < 1) {
    return not_ours(gateway, "a page whose entries do not follow each other");
  }
  FeedPoint point{static_cast<std::uint64_t>(request.entries.front().number - 1), *before};
  const FeedPoint begin = point;
  std::vector<revocation::FeedChainEntry> entries;
  std::vector<Digest> places;
  for (const api::FeedEntry& entry : request.entries) {
    const auto read = api::chain_entry_of(entry);
    if (!read) return not_ours(gateway, fmt::format("entry {}: {}", entry.number, read.error().words));
    entries.push_back(*read);
    places.push_back(point.hash);
    point.add(*read);
  }
  if (point != shown.proven) {
    return not_ours(gateway, fmt::format("entries {} to {} are not those that the signed head vouches for",
                                         request.entries.front().number, next));
  }
  std::set<SerialOfCa> spoken_of;
  const std::int64_t taken = TRY(enter(newest_words(std::move(entries), shown.spoken_of, spoken_of), gateway));
  shown.spoken_of.merge(spoken_of);
  places.push_back(point.hash);
  if (shown.places.size() < kMostProven) shown.places.insert(shown.places.end(), places.begin(), places.end());
  shown.proven = begin;
  const bool done = TRY(parts_.history.has(begin));
  if (!done && begin.number == 0) return not_ours(gateway, "its history begins with another hash");
  return api::HandBackAnswer{.outcome = done ? Outcome::done : Outcome::go_on,
                             .next = static_cast<std::int64_t>(begin.number),
                             .taken = taken};
}

// Pages come from the newest to the oldest: without what was put on hold or released again later, on this page or on
// one before it (`later`). `here` gets what this page speaks of.
std::vector<revocation::FeedChainEntry> TakingBack::newest_words(std::vector<revocation::FeedChainEntry> entries,
                                                                 const std::set<SerialOfCa>& later,
                                                                 std::set<SerialOfCa>& here) {
  std::vector<revocation::FeedChainEntry> out;
  for (revocation::FeedChainEntry& entry : entries | std::views::reverse) {
    if (is_about_a_hold(entry)) {
      const SerialOfCa which{entry.issuer, entry.serial};
      if (later.contains(which) || !here.insert(which).second) continue;
    }
    out.push_back(std::move(entry));
  }
  std::ranges::reverse(out);
  return out;
}

// Those of CAs that the ledger does not know stay where they are, and the page is handed back again.
Result<std::int64_t> TakingBack::enter(const std::vector<revocation::FeedChainEntry>& entries,
                                       const std::string& gateway) {
  std::optional<Error> unknown;
  std::vector<Change> changes;
  for (const revocation::FeedChainEntry& entry : entries) {
    const auto issuer = parts_.history.find_issuer(entry.issuer);
    if (!issuer && issuer.error().code != Code::issuer_unknown) return std::unexpected(issuer.error());
    if (!issuer) unknown = issuer.error();
    if (issuer) changes.push_back(change_of(entry, *issuer, gateway));
  }
  std::int64_t entered = 0;
  if (!changes.empty()) {
    const auto count = std::make_shared<EnteredCount>(changes.size());
    for (Change& change : changes) submit(parts_.ledger, std::move(change), count);
    entered = TRY(count->wait());
  }
  if (unknown) return std::unexpected(*unknown);
  return entered;
}

// Other heads of the same history, of places that were passed on the way, need nothing more either.
void TakingBack::done_with(const Digest& head) {
  const std::size_t before = shown_.size();
  if (const auto shown = shown_.find(head); shown != shown_.end()) {
    for (const Digest& place : shown->second.places) {
      if (proven_.size() < kMostProven) proven_.insert(place);
    }
  }
  std::erase_if(shown_, [&](const auto& one) { return one.first == head || proven_.contains(one.first); });
  if (shown_.size() == before) return;
  keep();
  behind_ = unreadable_ || !shown_.empty();
  if (!behind_) log(LogLevel::info, "what gateways knew is taken back: the ledger is no longer behind");
}

// A start of this process does not forget it: the gateway may be gone by then.
void TakingBack::keep() {
  if (unreadable_) return;
  std::error_code ignored;
  if (shown_.empty()) {
    std::filesystem::remove(parts_.file, ignored);
    return;
  }
  std::string content;
  for (const auto& [hash, shown] : shown_) {
    content += api::encode(
        api::HandBackRequest{.gateway = shown.gateway, .head = shown.head, .before = shown.head.hash, .entries = {}});
    content += '\n';
  }
  const Status written = write_file(parts_.file, content, {.mode = 0600, .existing = Existing::replace});
  if (!written) log(LogLevel::error, written.error());
}

void TakingBack::claimed(const std::string& gateway, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  if (claims_.size() >= kMostHeads) return;
  if (!claims_.insert_or_assign(gateway, Claim{number, parts_.clock.now()}).second) return;
  log(LogLevel::error, "a gateway names an entry of the feed that the ledger does not have",
      {{"gateway", gateway}, {"entry", std::to_string(number)}});
}

void TakingBack::in_step(const std::string& gateway) {
  const std::lock_guard lock(mutex_);
  const auto claim = claims_.find(gateway);
  if (claim != claims_.end() && parts_.clock.now() - claim->second.at > kClaimShown) claims_.erase(claim);
}

void TakingBack::forget(const std::string& gateway) {
  const std::lock_guard lock(mutex_);
  claims_.erase(gateway);
  refused_.erase(gateway);
}

Result<api::RollbackAcceptance> TakingBack::accept_rollback(const std::string& actor) {
  const std::lock_guard lock(mutex_);
  api::RollbackAcceptance out{.outcome = api::RollbackOutcome::not_behind, .until = parts_.clock.now(), .heads = 0};
  if (!behind_) return out;
  for (const auto& [hash, shown] : shown_) out.until = std::max(out.until, shown.head.time);
  std::ignore = TRY(parts_.ledger.accept_rollback(out.until, actor));
  out.outcome = api::RollbackOutcome::accepted;
  out.heads = static_cast<std::int64_t>(shown_.size());
  shown_.clear();
  unreadable_.reset();
  keep();
  behind_ = false;
  return out;
}

std::vector<Error> TakingBack::alarms() const {
  const std::lock_guard lock(mutex_);
  std::vector<Error> out;
  for (const auto& [hash, shown] : shown_) {
    out.push_back({Code::ledger_behind,
                   fmt::format("gateway '{}' knows {} entries of the feed, signed {}; taken back "
                               "are those beyond {}",
                               shown.gateway, shown.head.count, to_rfc3339(shown.head.time), shown.proven.number)});
  }
  if (unreadable_) out.push_back({Code::ledger_behind, unreadable_->text()});
  for (const auto& [gateway, claim] : claims_) {
    out.push_back({Code::feed_entry_not_ours,
                   fmt::format("gateway '{}' names entry {}, which the ledger does not have, and shows no signed head",
                               gateway, claim.number)});
  }
  for (const auto& [gateway, error] : refused_) out.push_back(error);
  return out;
}

}  // namespace symbolon::authority
