#include "authority/crl_publisher.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "authority/crl_content.h"
#include "authority/crl_folder.h"
#include "authority/published_crl.h"
#include "base/log.h"
#include "base/memory_guard.h"
#include "revocation/crl_builder.h"

namespace symbolon::authority {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{10'000};
constexpr milliseconds kLongestGather{20'000};
// The clock is waited for as long as this; one that stands further behind was set back.
constexpr Seconds kClockPatience{2};
constexpr milliseconds kClockLook{20};

using SteadyTime = std::chrono::steady_clock::time_point;
SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// What the ledger's hook rings; it may outlive the publisher.
struct Bell {
  std::mutex mutex;
  std::condition_variable rung;
  std::set<ledger::IssuerId> revoked;  // CAs with revocations that no CRL has
  bool unsure = false;                 // there was no memory to say which
  bool behind = false;                 // the thread took some up, and failed
  bool issuers_changed = false;
  bool stopping = false;

  bool has_news() const { return stopping || issuers_changed || unsure || !revoked.empty(); }
};

UnixSeconds half_over(const Crl& crl) {
  return crl.this_update + Seconds{(crl.next_update - crl.this_update).count / 2};
}

// As std::timed_mutex, made of what the thread sanitizer can follow.
class TimedMutex {
 public:
  void lock() {
    std::unique_lock held(mutex_);
    freed_.wait(held, [this] { return !taken_; });
    taken_ = true;
  }
  bool try_lock_for(milliseconds span) {
    std::unique_lock held(mutex_);
    if (!freed_.wait_for(held, span, [this] { return !taken_; })) return false;
    taken_ = true;
    return true;
  }
  void unlock() {
    {
      const std::lock_guard held(mutex_);
      taken_ = false;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  bool taken_ = false;
};

}  // namespace

struct CrlPublisher::Impl {
  Impl(ledger::Ledger& records, const Clock& time, StateLayout layout, Issuers get, CrlPublisherOptions chosen)
      : ledger(records), clock(time), issuers(std::move(get)), options(std::move(chosen)), folder(std::move(layout)) {}

  bool publishes() const { return options.publish == CrlPublisherOptions::Publish::yes; }
  std::shared_ptr<const Crl> find(const std::string& issuer) const;
  void keep(std::shared_ptr<const Crl> crl);
  void forget(const std::string& issuer);
  void note_failure(const Issuer& issuer, const Error& why);
  void note_standing(const Issuer& issuer, Status standing);
  std::optional<Error> shortcoming_of(const Issuer& issuer, const IssuerSet& set) const;

  // `making` is held.
  Result<UnixSeconds> this_update_of(ledger::IssuerId ca);
  Result<std::shared_ptr<const Crl>> make(const Issuer& issuer, const CrlIssuer& all);
  Result<std::shared_ptr<const Crl>> make_and_publish(const Issuer& issuer, const IssuerSet& set);
  Result<std::shared_ptr<const Crl>> published(const Issuer& issuer, const CrlIssuer& all);
  Status take_up(const CrlIssuer& all, const IssuerSet& set);
  bool settled(const CrlIssuer& all) const;
  void look_at(const Issuer& issuer);

  Result<std::shared_ptr<const Crl>> renew(const Issuer& issuer, const IssuerSet& set, Seconds at_most);
  bool is_due(const Issuer& issuer) const;
  bool has_all(const std::shared_ptr<const Crl>& crl) const;

  // The thread's.
  std::set<ledger::IssuerId> left_over();
  void run();
  void turn(const std::set<ledger::IssuerId>& revoked);
  void attempt(const Issuer& issuer, const IssuerSet& set);
  milliseconds until_retry() const;

  ledger::Ledger& ledger;
  const Clock& clock;
  const Issuers issuers;
  const CrlPublisherOptions options;

  TimedMutex making;  // one CRL at a time; guards what follows
  CrlFolder folder;
  std::set<std::string> compared;  // whose published CRL, if there is one, lists nothing that the ledger lacks
  std::map<ledger::IssuerId, UnixSeconds> last_update;               // by the first certificate of the CA
  std::map<std::string, std::filesystem::file_time_type> looked_at;  // of CAs whose key is not here

  mutable std::mutex mutex;  // guards what follows
  std::map<std::string, std::shared_ptr<const Crl>> crls;
  std::map<std::string, Error> failures;
  std::map<std::string, Status> standings;  // what the comparison of the published CRL with the ledger came to
  milliseconds took{0};                     // the making of the last one

  std::shared_ptr<Bell> bell = std::make_shared<Bell>();
  std::atomic<bool> looked_around = false;         // what lies in the folder is known
  std::map<ledger::IssuerId, SteadyTime> retries;  // the thread's: what failed, and when it is tried again
  std::thread thread;
};

std::shared_ptr<const Crl> CrlPublisher::Impl::find(const std::string& issuer) const {
  const std::lock_guard lock(mutex);
  const auto found = crls.find(issuer);
  return found == crls.end() ? nullptr : found->second;
}

void CrlPublisher::Impl::keep(std::shared_ptr<const Crl> crl) {
  const std::lock_guard lock(mutex);
  crls.insert_or_assign(crl->issuer, std::move(crl));
}

void CrlPublisher::Impl::forget(const std::string& issuer) {
  const std::lock_guard lock(mutex);
  crls.erase(issuer);
}

void CrlPublisher::Impl::note_failure(const Issuer& issuer, const Error& why) {
  if (!publishes()) return;
  const std::lock_guard lock(mutex);
  failures.insert_or_assign(issuer.name, why);
}

void CrlPublisher::Impl::note_standing(const Issuer& issuer, Status standing) {
  const std::lock_guard lock(mutex);
  standings.insert_or_assign(issuer.name, std::move(standing));
}

// Greater than the one before it: else a cache (If-Modified-Since) or NSS would take the new one for the old one.
Result<UnixSeconds> CrlPublisher::Impl::this_update_of(ledger::IssuerId ca) {
  const auto last = last_update.find(ca);
  const SteadyTime end = steady_now() + std::chrono::seconds(kClockPatience.count);
  while (true) {
    const UnixSeconds now = clock.now();
    const UnixSeconds wish = now - kCrlBackdate;
    if (last == last_update.end() || last->second < wish || last->second > now + kClockPatience) return wish;
    if (last->second < now) return last->second + Seconds{1};
    if (steady_now() >= end) return fail(Code::overloaded, "a CRL with thisUpdate {} is there", to_rfc3339(now));
    std::unique_lock lock(bell->mutex);
    if (bell->rung.wait_for(lock, kClockLook, [this] { return bell->stopping; })) {
      return fail(Code::cancelled, "the publisher is stopping");
    }
  }
}

Result<std::shared_ptr<const Crl>> CrlPublisher::Impl::make(const Issuer& issuer, const CrlIssuer& all) {
  const UnixSeconds this_update = TRY(this_update_of(all.ids.front()));
  const std::uint64_t number = TRY(folder.claim_number(all.names, clock.now()));
  const std::uint64_t revocations = TRY(ledger.status()).revocations;
  const signer::CrlName name{.issuer = issuer.id.value,
                             .revocations = revocations,
                             .number = number,
                             .this_update = this_update,
                             .next_update = this_update + options.next_update};
  const auto walk = [this](const ledger::Ledger::RevocationVisitor& each) { return ledger.revocations(0, each); };
  CrlContent content = TRY(crl_content(issuer, all, name, walk));
  const ByteView algorithm = issuer.signer->algorithm_identifier();
  const Bytes signature = TRY(options.sign ? options.sign(name) : issuer.signer->sign(content.tbs));
  // Neither a fault in the arithmetic nor a signer that read other facts leaves this process.
  if (!crypto::verify_signature(issuer.certificate.public_key(), algorithm, content.tbs, signature)) {
    return fail(Code::crypto_failed, "the signature of CRL {} does not verify with the key of {}", name.number,
                issuer.certificate.text());
  }
  const Bytes der = revocation::assemble_crl(content.tbs, algorithm, signature);
  content.tbs = Bytes();
  last_update.insert_or_assign(all.ids.front(), this_update);
  return std::make_shared<const Crl>(Crl{.issuer = issuer.name,
                                         .der = std::string(as_text(der)),
                                         .number = name.number,
                                         .this_update = name.this_update,
                                         .next_update = name.next_update,
                                         .entries = content.entries,
                                         .revocations = name.revocations});
}

Result<std::shared_ptr<const Crl>> CrlPublisher::Impl::make_and_publish(const Issuer& issuer, const IssuerSet& set) {
  const SteadyTime begin = steady_now();
  const CrlIssuer all = CrlIssuer::of(issuer, set);
  const auto steps = [&]() -> Result<std::shared_ptr<const Crl>> {
    TRY(take_up(all, set));
    auto crl = TRY(make(issuer, all));
    if (publishes()) TRY(folder.publish(issuer.name, crl->number, as_bytes(crl->der)));
    return crl;
  };
  auto made = steps();
  if (!made) {
    note_failure(issuer, made.error());
    return made;
  }
  keep(*made);
  const std::lock_guard lock(mutex);
  took = std::chrono::duration_cast<milliseconds>(steady_now() - begin);
  failures.erase(issuer.name);
  return made;
}

// What was published before this process began, or before the operator took it away: kept, and served. Null: nothing
// of this CA. Fails with crl_ahead_of_ledger; it is kept then, too.
Result<std::shared_ptr<const Crl>> CrlPublisher::Impl::published(const Issuer& issuer, const CrlIssuer& all) {
  auto content = folder.read(issuer.name);
  auto there = content ? read_published(issuer, *std::move(content)) : std::nullopt;
  if (!there) {
    forget(issuer.name);
    return nullptr;
  }
  const CrlComparison found = TRY(compare(ledger, all, there->entries));
  if (!found.lacks && found.beyond == 0) there->crl->revocations = found.newest;
  keep(there->crl);
  if (found.beyond == 0) return there->crl;
  return fail_at(folder.file(issuer.name).string(), Code::crl_ahead_of_ledger,
                 "CRL {}, made {}, lists {} serials that the ledger does not have, {} among them: was an older backup "
                 "restored?",
                 there->crl->number, to_rfc3339(there->crl->this_update), found.beyond, found.first_beyond.hex());
}

Status CrlPublisher::Impl::take_up(const CrlIssuer& all, const IssuerSet& set) {
  if (!publishes()) return {};
  for (const ledger::IssuerId id : all.ids) {
    const Issuer& issuer = *set.find(id);
    if (compared.contains(issuer.name)) continue;
    const auto found = published(issuer, all);
    note_standing(issuer, found ? Status() : std::unexpected(found.error()));
    const auto crl = TRY(found);
    compared.insert(issuer.name);
    if (!crl) continue;
    UnixSeconds& last = last_update.try_emplace(all.ids.front(), crl->this_update).first->second;
    last = std::max(last, crl->this_update);
  }
  return {};
}

bool CrlPublisher::Impl::settled(const CrlIssuer& all) const {
  return std::ranges::all_of(all.names, [this](const std::string& name) { return compared.contains(name); });
}

// What whoever has the key put there: it is served as it is.
void CrlPublisher::Impl::look_at(const Issuer& issuer) {
  const auto written = folder.written_at(issuer.name);
  if (!written) {
    looked_at.erase(issuer.name);
    forget(issuer.name);
    return;
  }
  const auto before = looked_at.find(issuer.name);
  if (before != looked_at.end() && before->second == *written) return;
  auto content = folder.read(issuer.name);
  const auto there = content ? read_published(issuer, *std::move(content)) : std::nullopt;
  if (there) {
    keep(there->crl);
  } else {
    forget(issuer.name);
  }
  looked_at.insert_or_assign(issuer.name, *written);
}

// Nobody has revoked anything since it was made, as far as the ledger says.
bool CrlPublisher::Impl::has_all(const std::shared_ptr<const Crl>& crl) const {
  const auto status = ledger.status();
  return crl && status && crl->revocations == status->revocations;
}

// The one that is there, unless revocations came since, or more than `at_most` or half of its time has passed.
Result<std::shared_ptr<const Crl>> CrlPublisher::Impl::renew(const Issuer& issuer, const IssuerSet& set,
                                                             Seconds at_most) {
  // Whoever asks does not wait as long as one may take whose signer is not there.
  const std::unique_lock lock(making, kPatience);
  if (!lock) return fail(Code::overloaded, "the CRL of '{}' is being made", issuer.name);
  const Status taken_up = take_up(CrlIssuer::of(issuer, set), set);
  if (!taken_up) {
    note_failure(issuer, taken_up.error());
    return std::unexpected(taken_up.error());
  }
  const auto there = find(issuer.name);
  const UnixSeconds now = clock.now();
  if (has_all(there) && now >= there->this_update && now <= std::min(there->this_update + at_most, half_over(*there))) {
    return there;
  }
  return make_and_publish(issuer, set);
}

// A clock that ran ahead left one of the future, which nobody takes.
bool CrlPublisher::Impl::is_due(const Issuer& issuer) const {
  const auto there = find(issuer.name);
  const UnixSeconds now = clock.now();
  if (!there || now < there->this_update) return true;
  const Seconds quarter{(there->next_update - there->this_update).count / 4};
  return now - there->this_update >= std::min(quarter, Seconds{options.next_update.count / 4});
}

void CrlPublisher::Impl::attempt(const Issuer& issuer, const IssuerSet& set) {
  std::shared_ptr<const Crl> crl;
  const Status made = unless_out_of_memory([&]() -> Status {
    crl = TRY(make_and_publish(issuer, set));
    return {};
  });
  if (made) {
    retries.erase(issuer.id);
    log(LogLevel::info, "CRL published",
        {{"issuer", issuer.name}, {"number", std::to_string(crl->number)}, {"entries", std::to_string(crl->entries)}});
    return;
  }
  // Only the operator mends that, and finding out takes a walk through the ledger.
  const bool by_hand = made.error().code == Code::crl_ahead_of_ledger;
  retries.insert_or_assign(issuer.id, steady_now() + (by_hand ? options.look : options.again));
  note_failure(issuer, made.error());
  log(LogLevel::error, Error{made.error().code, fmt::format("the CRL of '{}': {}", issuer.name, made.error().words),
                             made.error().where});
}

// What fails is in `retries` afterwards.
void CrlPublisher::Impl::turn(const std::set<ledger::IssuerId>& revoked) {
  const auto set = issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign() && !issuer.ours) continue;
    const std::lock_guard lock(making);
    if (!issuer.can_sign()) {
      look_at(issuer);
      continue;
    }
    if (!may_sign_crls(issuer)) continue;
    const CrlIssuer all = CrlIssuer::of(issuer, *set);
    const auto retry = retries.find(issuer.id);
    const bool waits = retry != retries.end() ||
                       std::ranges::any_of(all.ids, [&](ledger::IssuerId id) { return revoked.contains(id); });
    if (settled(all) && !is_due(issuer) && (!waits || has_all(find(issuer.name)))) {
      retries.erase(issuer.id);
    } else if (retry == retries.end() || steady_now() >= retry->second) {
      attempt(issuer, *set);
    }
  }
}

// CAs with revocations of which the process before this one made no CRL.
std::set<ledger::IssuerId> CrlPublisher::Impl::left_over() {
  std::set<ledger::IssuerId> out;
  const auto set = issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign()) continue;
    const std::lock_guard lock(making);
    static_cast<void>(take_up(CrlIssuer::of(issuer, *set), *set));  // what fails is not settled: turn() tries it again
    const auto there = find(issuer.name);
    if (!there || there->revocations == kUnknownPosition) out.insert(issuer.id);
  }
  return out;
}

milliseconds CrlPublisher::Impl::until_retry() const {
  milliseconds out = options.look;
  for (const auto& [id, at] : retries) {
    out = std::clamp(std::chrono::duration_cast<milliseconds>(at - steady_now()), milliseconds(1), out);
  }
  return out;
}

void CrlPublisher::Impl::run() {
  std::set<ledger::IssuerId> revoked;
  bool look_around = true;
  while (true) {
    const Status done = unless_out_of_memory([&]() -> Status {
      if (look_around) revoked.merge(left_over());
      look_around = false;
      turn(revoked);
      return {};
    });
    if (done) revoked.clear();
    if (!done) log(LogLevel::error, done.error());
    looked_around = true;
    std::unique_lock lock(bell->mutex);
    bell->behind = !done || !retries.empty();
    bell->rung.wait_for(lock, done ? until_retry() : options.again, [this] { return bell->has_news(); });
    if (bell->stopping) return;
    if (bell->unsure || !bell->revoked.empty()) {
      // Half of one core at most goes into this, however many revocations come.
      lock.unlock();
      milliseconds pause = options.gather;
      {
        const std::lock_guard state(mutex);
        pause = std::clamp(took, options.gather, kLongestGather);
      }
      lock.lock();
      if (bell->rung.wait_for(lock, pause, [this] { return bell->stopping; })) return;
    }
    bell->behind = bell->behind || bell->unsure || !bell->revoked.empty();
    revoked.merge(bell->revoked);
    bell->revoked.clear();
    look_around = look_around || std::exchange(bell->unsure, false);
    bell->issuers_changed = false;
  }
}

CrlPublisher::CrlPublisher(ledger::Ledger& ledger, const Clock& clock, StateLayout layout, Issuers issuers,
                           CrlPublisherOptions options)
    : impl_(std::make_unique<Impl>(ledger, clock, std::move(layout), std::move(issuers), std::move(options))) {
  if (!impl_->publishes()) return;
  ledger.on_revocation([bell = impl_->bell](const ledger::Revocation& revocation) {
    const std::lock_guard lock(bell->mutex);
    try {
      bell->revoked.insert(revocation.issuer);
    } catch (const std::bad_alloc&) {
      bell->unsure = true;
    }
    bell->rung.notify_all();
  });
}

CrlPublisher::~CrlPublisher() {
  {
    const std::lock_guard lock(impl_->bell->mutex);
    impl_->bell->stopping = true;
  }
  impl_->bell->rung.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void CrlPublisher::start() {
  if (!impl_->publishes() || impl_->thread.joinable()) return;
  impl_->thread = std::thread([this] { impl_->run(); });
}

void CrlPublisher::issuers_changed() {
  const std::lock_guard lock(impl_->bell->mutex);
  impl_->bell->issuers_changed = true;
  impl_->bell->rung.notify_all();
}

Result<std::shared_ptr<const Crl>> CrlPublisher::current(const std::string& issuer) {
  const auto set = impl_->issuers();
  const auto found = std::ranges::find(set->issuers, issuer, &Issuer::name);
  if (found == set->issuers.end()) return fail(Code::issuer_unknown, "'{}'", issuer);
  if (!found->can_sign()) return fail(Code::issuer_unknown, "the key of '{}' is not at hand", issuer);
  if (!may_sign_crls(*found)) {
    return fail(Code::crl_issuer_may_not_sign, "the CA '{}': its keyUsage lacks cRLSign", issuer);
  }
  std::shared_ptr<const Crl> crl;
  TRY(unless_out_of_memory([&]() -> Status {
    crl = TRY(impl_->renew(*found, *set, Seconds{impl_->options.next_update.count / 2}));
    return {};
  }));
  return crl;
}

Status CrlPublisher::check_ledger(const Issuer& issuer) const {
  if (!impl_->publishes() || !may_sign_crls(issuer)) return {};
  const std::lock_guard lock(impl_->mutex);
  const auto standing = impl_->standings.find(issuer.name);
  if (standing != impl_->standings.end()) return standing->second;
  return fail(Code::overloaded, "the published CRL of '{}' was not held against the ledger yet", issuer.name);
}

bool CrlPublisher::owes() const {
  const std::lock_guard lock(impl_->bell->mutex);
  return impl_->bell->behind || impl_->bell->unsure || !impl_->bell->revoked.empty();
}

Status CrlPublisher::publish_now() {
  if (!impl_->publishes()) return {};
  Status outcome;
  const auto set = impl_->issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign() || !may_sign_crls(issuer)) continue;
    const auto made = current(issuer.name);
    if (!made && outcome) outcome = std::unexpected(made.error());
  }
  return outcome;
}

std::shared_ptr<const Crl> CrlPublisher::find(const std::string& issuer) const { return impl_->find(issuer); }

std::vector<std::shared_ptr<const Crl>> CrlPublisher::all() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::shared_ptr<const Crl>> out;
  for (const auto& [name, crl] : impl_->crls) out.push_back(crl);
  return out;
}

// What no further try would mend.
std::optional<Error> CrlPublisher::Impl::shortcoming_of(const Issuer& issuer, const IssuerSet& set) const {
  if (issuer.can_sign()) {
    if (may_sign_crls(issuer)) return std::nullopt;
    return Error{Code::crl_issuer_may_not_sign, fmt::format("the CA '{}' has none", issuer.name)};
  }
  const UnixSeconds now = clock.now();
  // The root's is nobody's business but the root's; what a CA issued that is over or revoked is refused without one.
  if (!looked_around || !issuer.ours || issuer.is_root() || set.revoked(issuer)) return std::nullopt;
  if (now > issuer.certificate.validity().not_after) return std::nullopt;
  const auto there = find(issuer.name);
  if (!there) return Error{Code::crl_lapses, fmt::format("none of '{}' is there", issuer.name)};
  if (now <= half_over(*there)) return std::nullopt;
  return Error{Code::crl_lapses, fmt::format("that of '{}' ends {}", issuer.name, to_rfc3339(there->next_update))};
}

std::vector<Error> CrlPublisher::failures() const {
  std::vector<Error> out;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [name, error] : impl_->failures) {
      out.push_back({error.code, fmt::format("the CRL of '{}': {}", name, error.words), error.where});
    }
  }
  if (!impl_->publishes()) return out;
  const auto set = impl_->issuers();
  for (const Issuer& issuer : set->issuers) {
    if (auto lacking = impl_->shortcoming_of(issuer, *set)) out.push_back(*std::move(lacking));
  }
  return out;
}

}  // namespace symbolon::authority
