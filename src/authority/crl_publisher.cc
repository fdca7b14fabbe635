#include "authority/crl_publisher.h"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "authority/crl_content.h"
#include "authority/crl_folder.h"
#include "base/log.h"
#include "base/memory_guard.h"
#include "revocation/crl_builder.h"
#include "revocation/crl_reader.h"

namespace symbolon::authority {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{10'000};
constexpr milliseconds kLongestGather{20'000};

// No position in the ledger.
constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();

// What the ledger's hook rings; it may outlive the publisher.
struct Bell {
  std::mutex mutex;
  std::condition_variable rung;
  std::set<ledger::IssuerId> revoked;  // CAs with revocations that no CRL has
  bool issuers_changed = false;
  bool stopping = false;
};

}  // namespace

struct CrlPublisher::Impl {
  Impl(ledger::Ledger& records, const Clock& time, StateLayout layout, Issuers get, CrlPublisherOptions chosen)
      : ledger(records), clock(time), issuers(std::move(get)), options(std::move(chosen)), folder(std::move(layout)) {}

  bool publishes() const { return options.publish == CrlPublisherOptions::Publish::yes; }
  Result<std::shared_ptr<const Crl>> make(const Issuer& issuer);
  Result<std::shared_ptr<const Crl>> make_and_publish(const Issuer& issuer);
  Result<std::shared_ptr<const Crl>> renew(const Issuer& issuer, Seconds at_most);
  void take_up(const Issuer& issuer);
  Result<std::uint64_t> position_of(const Issuer& issuer, const revocation::CrlFile& crl) const;
  std::set<ledger::IssuerId> left_over();
  bool is_due(const Issuer& issuer) const;
  bool has_all(const std::shared_ptr<const Crl>& crl) const;
  std::shared_ptr<const Crl> find(const std::string& issuer) const;
  void run();
  bool turn(const std::set<ledger::IssuerId>& revoked);

  ledger::Ledger& ledger;
  const Clock& clock;
  const Issuers issuers;
  const CrlPublisherOptions options;

  std::timed_mutex making;  // one CRL at a time; guards folder
  CrlFolder folder;

  mutable std::mutex mutex;  // guards what follows
  std::map<std::string, std::shared_ptr<const Crl>> crls;
  std::map<std::string, Error> failures;
  milliseconds took{0};  // the making of the last one

  std::shared_ptr<Bell> bell = std::make_shared<Bell>();
  std::thread thread;
};

std::shared_ptr<const Crl> CrlPublisher::Impl::find(const std::string& issuer) const {
  const std::lock_guard lock(mutex);
  const auto found = crls.find(issuer);
  return found == crls.end() ? nullptr : found->second;
}

Result<std::shared_ptr<const Crl>> CrlPublisher::Impl::make(const Issuer& issuer) {
  const UnixSeconds now = clock.now();
  const std::uint64_t number = TRY(folder.claim_number(issuer.name, now));
  const std::uint64_t revocations = TRY(ledger.status()).revocations;
  const signer::CrlName name{.issuer = issuer.id.value,
                             .revocations = revocations,
                             .number = number,
                             .this_update = now,
                             .next_update = now + options.next_update};
  const auto walk = [this](const ledger::Ledger::RevocationVisitor& each) { return ledger.revocations(0, each); };
  CrlContent content = TRY(crl_content(issuer, name, walk));
  const ByteView algorithm = issuer.signer->algorithm_identifier();
  const Bytes signature = TRY(options.sign ? options.sign(name) : issuer.signer->sign(content.tbs));
  // Neither a fault in the arithmetic nor a signer that read other facts leaves this process.
  if (!crypto::verify_signature(issuer.certificate.public_key(), algorithm, content.tbs, signature)) {
    return fail(Code::crypto_failed, "the signature of CRL {} does not verify with the key of {}", name.number,
                issuer.certificate.text());
  }
  const Bytes der = revocation::assemble_crl(content.tbs, algorithm, signature);
  content.tbs = Bytes();
  return std::make_shared<const Crl>(Crl{.issuer = issuer.name,
                                         .der = std::string(as_text(der)),
                                         .number = name.number,
                                         .this_update = name.this_update,
                                         .next_update = name.next_update,
                                         .entries = content.entries,
                                         .revocations = name.revocations});
}

// `making` is held.
Result<std::shared_ptr<const Crl>> CrlPublisher::Impl::make_and_publish(const Issuer& issuer) {
  const auto begin = std::chrono::steady_clock::now();
  auto made = make(issuer);
  if (made && publishes()) {
    const Status published = folder.publish(issuer.name, (*made)->number, as_bytes((*made)->der));
    if (!published) made = std::unexpected(published.error());
  }
  const std::lock_guard lock(mutex);
  if (!made) {
    if (publishes()) failures.insert_or_assign(issuer.name, made.error());
    return made;
  }
  took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  failures.erase(issuer.name);
  crls.insert_or_assign(issuer.name, *made);
  return made;
}

// Does it list what the ledger calls revoked, and nothing else? Then the newest revocation that it takes into account.
Result<std::uint64_t> CrlPublisher::Impl::position_of(const Issuer& issuer, const revocation::CrlFile& crl) const {
  std::uint64_t newest = 0;
  std::size_t listed = 0;
  std::size_t missing = 0;
  TRY(ledger.revocations(0, [&](const ledger::Revocation& revocation) {
    newest = revocation.sequence;
    if (revocation.issuer != issuer.id) return ledger::Proceed::yes;
    (crl.entries.find(revocation.serial) ? listed : missing) += 1;
    return ledger::Proceed::yes;
  }));
  if (crl.entries.size() > listed) {
    log(LogLevel::warning,
        fmt::format(
            "the published CRL {} of '{}' lists {} serials that the ledger does not: was an older backup restored?",
            to_hex(crl.number.value_or(Bytes())), issuer.name, crl.entries.size() - listed));
  }
  return missing == 0 && crl.entries.size() == listed ? newest : kUnknown;
}

// Nobody has revoked anything since it was made, as far as the ledger says.
bool CrlPublisher::Impl::has_all(const std::shared_ptr<const Crl>& crl) const {
  const auto status = ledger.status();
  return crl && status && crl->revocations == status->revocations;
}

// The one that is there, unless revocations came since or more than `at_most` of its time has passed.
Result<std::shared_ptr<const Crl>> CrlPublisher::Impl::renew(const Issuer& issuer, Seconds at_most) {
  // Whoever asks does not wait as long as one may take whose signer is not there.
  const std::unique_lock lock(making, kPatience);
  if (!lock) return fail(Code::overloaded, "the CRL of '{}' is being made", issuer.name);
  if (!find(issuer.name)) take_up(issuer);
  const auto there = find(issuer.name);
  const UnixSeconds now = clock.now();
  if (has_all(there) && now >= there->this_update && now <= there->this_update + at_most) return there;
  return make_and_publish(issuer);
}

// What was published before this process began, as whoever fetches it would judge it. `making` is held.
void CrlPublisher::Impl::take_up(const Issuer& issuer) {
  if (!publishes()) return;
  auto content = folder.read(issuer.name);
  if (!content) return;
  const auto number = crl_number_of(as_bytes(*content));
  const auto crl = revocation::read_crl(as_bytes(*content), {issuer.certificate}, clock.now());
  if (!number || !crl) return;
  const auto position = position_of(issuer, *crl);
  if (!position) return;
  const std::lock_guard state(mutex);
  crls.try_emplace(issuer.name, std::make_shared<const Crl>(Crl{.issuer = issuer.name,
                                                                .der = std::move(*content),
                                                                .number = *number,
                                                                .this_update = crl->this_update,
                                                                .next_update = crl->next_update,
                                                                .entries = crl->entries.size(),
                                                                .revocations = *position}));
}

// A clock that ran ahead left one of the future, which nobody takes.
bool CrlPublisher::Impl::is_due(const Issuer& issuer) const {
  const auto there = find(issuer.name);
  const UnixSeconds now = clock.now();
  if (!there || now < there->this_update) return true;
  const Seconds quarter{(there->next_update - there->this_update).count / 4};
  return now - there->this_update >= std::min(quarter, Seconds{options.next_update.count / 4});
}

// False: something failed, and is to be tried again.
bool CrlPublisher::Impl::turn(const std::set<ledger::IssuerId>& revoked) {
  bool good = true;
  const auto set = issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign()) continue;
    const std::lock_guard lock(making);
    if (!is_due(issuer) && (!revoked.contains(issuer.id) || has_all(find(issuer.name)))) continue;
    std::shared_ptr<const Crl> crl;
    const Status made = unless_out_of_memory([&]() -> Status {
      crl = TRY(make_and_publish(issuer));
      return {};
    });
    if (made) {
      log(LogLevel::info, "CRL published",
          {{"issuer", issuer.name},
           {"number", std::to_string(crl->number)},
           {"entries", std::to_string(crl->entries)}});
      continue;
    }
    good = false;
    log(LogLevel::error, Error{made.error().code, fmt::format("the CRL of '{}': {}", issuer.name, made.error().words),
                               made.error().where});
    const std::lock_guard rung(bell->mutex);
    bell->revoked.insert(issuer.id);
  }
  return good;
}

// CAs with revocations of which the process before this one made no CRL.
std::set<ledger::IssuerId> CrlPublisher::Impl::left_over() {
  std::set<ledger::IssuerId> out;
  const auto set = issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign()) continue;
    const std::lock_guard lock(making);
    take_up(issuer);
    const auto there = find(issuer.name);
    if (!there || there->revocations == kUnknown) out.insert(issuer.id);
  }
  return out;
}

void CrlPublisher::Impl::run() {
  std::set<ledger::IssuerId> revoked = left_over();
  while (true) {
    const bool good = turn(revoked);
    std::unique_lock lock(bell->mutex);
    const auto stopping = [this] { return bell->stopping; };
    if (!good && bell->rung.wait_for(lock, options.again, stopping)) return;
    if (good) {
      bell->rung.wait_for(lock, options.look,
                          [this] { return bell->stopping || bell->issuers_changed || !bell->revoked.empty(); });
    }
    if (bell->stopping) return;
    if (!bell->revoked.empty()) {
      // Half of one core at most goes into this, however many revocations come.
      lock.unlock();
      milliseconds pause = options.gather;
      {
        const std::lock_guard state(mutex);
        pause = std::clamp(took, options.gather, kLongestGather);
      }
      lock.lock();
      if (bell->rung.wait_for(lock, pause, stopping)) return;
    }
    revoked = std::exchange(bell->revoked, {});
    bell->issuers_changed = false;
  }
}

CrlPublisher::CrlPublisher(ledger::Ledger& ledger, const Clock& clock, StateLayout layout, Issuers issuers,
                           CrlPublisherOptions options)
    : impl_(std::make_unique<Impl>(ledger, clock, std::move(layout), std::move(issuers), std::move(options))) {
  if (!impl_->publishes()) return;
  ledger.on_revocation([bell = impl_->bell](const ledger::Revocation& revocation) {
    const std::lock_guard lock(bell->mutex);
    bell->revoked.insert(revocation.issuer);
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
  return impl_->renew(*found, Seconds{impl_->options.next_update.count / 2});
}

bool CrlPublisher::owes() const {
  const std::lock_guard lock(impl_->bell->mutex);
  return !impl_->bell->revoked.empty();
}

Status CrlPublisher::publish_now() {
  if (!impl_->publishes()) return {};
  Status outcome;
  const auto set = impl_->issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign()) continue;
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

std::vector<Error> CrlPublisher::failures() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<Error> out;
  for (const auto& [name, error] : impl_->failures) {
    out.push_back({error.code, fmt::format("the CRL of '{}': {}", name, error.words), error.where});
  }
  return out;
}

}  // namespace symbolon::authority
