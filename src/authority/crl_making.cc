// Making CRLs and putting them in the place of the older ones.
#include "authority/crl_publisher_impl.h"
#include "authority/published_crl.h"
#include "base/log.h"
#include "revocation/crl_builder.h"

namespace symbolon::authority {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{10'000};
// The clock is waited for as long as this; one that stands further behind was set back.
constexpr Seconds kClockPatience{2};
constexpr milliseconds kClockLook{20};
constexpr int kTries = 3;  // the first full CRL in the life of a signer is a base at the earliest

std::string shards_of(const Issuer& issuer) { return issuer.name + " (shards)"; }

}  // namespace

// Greater than the one before it: else a cache (If-Modified-Since) or NSS would take the new one for the old one.
Result<UnixSeconds> CrlPublisher::Impl::this_update_after(std::optional<UnixSeconds> last) {
  const SteadyTime end = steady_now() + std::chrono::seconds(kClockPatience.count);
  while (true) {
    const UnixSeconds now = clock.now();
    const UnixSeconds wish = now - kCrlBackdate;
    if (!last || *last < wish || *last > now + kClockPatience) return wish;
    if (*last < now) return *last + Seconds{1};
    if (steady_now() >= end) return fail(Code::overloaded, "a CRL with thisUpdate {} is there", to_rfc3339(now));
    std::unique_lock lock(bell->mutex);
    if (bell->rung.wait_for(lock, kClockLook, [this] { return bell->stopping; })) {
      return fail(Code::cancelled, "the publisher is stopping");
    }
  }
}

CrlPublisher::Impl::Made CrlPublisher::Impl::make(const Issuer& issuer, const CrlIssuer& all,
                                                  const signer::CrlName& name, std::uint64_t base_revocations) {
  CrlContent content = TRY(crl_content(issuer, all, name, facts_of(ledger),
                                       {.places = options.places, .base_revocations = base_revocations}));
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
                                         .part = CrlPart::of(name),
                                         .der = std::string(as_text(der)),
                                         .number = name.number,
                                         .this_update = name.this_update,
                                         .next_update = name.next_update,
                                         .entries = content.entries,
                                         .revocations = name.revocations});
}

CrlPublisher::Impl::Made CrlPublisher::Impl::publish(const Issuer& issuer, Made made) {
  const std::shared_ptr<const Crl> crl = TRY(std::move(made));
  if (publishes()) TRY(folder.publish(issuer.name, crl->part, crl->number, as_bytes(crl->der)));
  keep(crl);
  return crl;
}

CrlPublisher::Impl::Made CrlPublisher::Impl::publish_full(const Issuer& issuer, const CrlIssuer& all) {
  const auto last = last_update.find(all.ids.front());
  const UnixSeconds this_update =
      TRY(this_update_after(last == last_update.end() ? std::nullopt : std::optional(last->second)));
  const std::uint64_t number = TRY(folder.claim_number(all.names, clock.now()));
  const std::uint64_t revocations = TRY(ledger.status()).revocations;
  auto made = make(issuer, all,
                   {.issuer = issuer.id.value,
                    .revocations = revocations,
                    .number = number,
                    .this_update = this_update,
                    .next_update = this_update + options.next_update});
  if (made) last_update.insert_or_assign(all.ids.front(), this_update);
  return publish(issuer, std::move(made));
}

// It has the number and the revocations of the full one (RFC 5280 §5.2.4).
Result<CrlPublisher::Impl::Delta> CrlPublisher::Impl::publish_delta(const Issuer& issuer, const CrlIssuer& all,
                                                                    const Crl& full) {
  DeltaBases& known = bases[issuer.name];
  const auto base = known.oldest(clock.now());
  if (!base) {
    known.add(full);
    return Delta::needs_another_full_one;
  }
  auto made = make(issuer, all,
                   {.issuer = issuer.id.value,
                    .revocations = full.revocations,
                    .number = full.number,
                    .this_update = full.this_update,
                    .next_update = full.this_update + *options.delta,
                    .base = base->number},
                   base->revocations);
  if (!made && made.error().code == Code::crl_base_missing) {  // another signer runs, which knows those from now on
    known.clear();
    known.add(full);
    return Delta::needs_another_full_one;
  }
  TRY(publish(issuer, std::move(made)));
  known.add(full);
  return Delta::made;
}

CrlPublisher::Impl::Made CrlPublisher::Impl::publish_both(const Issuer& issuer, const CrlIssuer& all) {
  for (int i = 1;; ++i) {
    auto full = TRY(publish_full(issuer, all));
    if (!publishes() || !options.delta) return full;
    if (TRY(publish_delta(issuer, all, *full)) == Delta::made) return full;
    if (i == kTries) return fail(Code::crl_base_missing, "the signer was started anew again and again");
  }
}

CrlPublisher::Impl::Made CrlPublisher::Impl::make_and_publish(const Issuer& issuer, const IssuerSet& set) {
  const SteadyTime begin = steady_now();
  const CrlIssuer all = CrlIssuer::of(issuer, set);
  const auto steps = [&]() -> Made {
    if (options.may_publish) TRY(options.may_publish());
    TRY(take_up(all, set));
    return publish_both(issuer, all);
  };
  auto made = steps();
  if (!made) {
    note_failure(issuer.name, made.error());
    return made;
  }
  note_success(issuer.name);
  const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - begin);
  const std::lock_guard lock(mutex);
  full_from = steady_now() + std::min(took, kLongestPause);
  return made;
}

std::set<std::uint16_t> CrlPublisher::Impl::shard_counts_of(const Issuer& issuer) const {
  if (!publishes() || options.places.url.empty() || !may_sign_crls(issuer)) return {};
  std::set<std::uint16_t> out = options.shards;
  if (const auto former = former_shards.find(issuer.name); former != former_shards.end()) {
    out.insert(former->second.begin(), former->second.end());
  }
  return out;
}

// Those that are missing, or old, or lack something.
Result<std::set<CrlPart>> CrlPublisher::Impl::shards_to_make(const Issuer& issuer, const CrlIssuer& all,
                                                             std::uint64_t newest) {
  const auto counts = shard_counts_of(issuer);
  std::set<CrlPart> out;
  for (const std::uint16_t count : counts) {
    for (std::uint16_t i = 0; i < count; ++i) {
      const CrlPart part{.shards = count, .shard = i};
      if (is_due(find(issuer.name, part).get())) out.insert(part);
    }
  }
  const std::uint64_t position = shard_positions[issuer.name];
  if (position == newest) return out;
  TRY(ledger.revocations(position, [&](const ledger::Revocation& revocation) {
    if (!all.includes(revocation.issuer)) return ledger::Proceed::yes;
    for (const std::uint16_t count : counts) out.insert(CrlPart::of(revocation.serial, count));
    return ledger::Proceed::yes;
  }));
  return out;
}

Status CrlPublisher::Impl::make_shards(const Issuer& issuer, const CrlIssuer& all) {
  const std::uint64_t newest = TRY(ledger.status()).revocations;
  const std::set<CrlPart> parts = TRY(shards_to_make(issuer, all, newest));
  if (!parts.empty()) {
    const auto last = last_shard_update.find(all.ids.front());
    const UnixSeconds this_update =
        TRY(this_update_after(last == last_shard_update.end() ? std::nullopt : std::optional(last->second)));
    const std::uint64_t number = TRY(folder.claim_number(all.names, clock.now()));
    last_shard_update.insert_or_assign(all.ids.front(), this_update);
    for (const CrlPart& part : parts) {
      TRY(publish(issuer, make(issuer, all,
                               {.issuer = issuer.id.value,
                                .revocations = newest,
                                .number = number,
                                .this_update = this_update,
                                .next_update = this_update + options.next_update,
                                .shards = part.shards,
                                .shard = part.shard})));
    }
  }
  shard_positions[issuer.name] = newest;
  return {};
}

Status CrlPublisher::Impl::publish_shards(const Issuer& issuer, const IssuerSet& set) {
  if (!publishes() || options.places.url.empty() || !may_sign_crls(issuer)) return {};
  const CrlIssuer all = CrlIssuer::of(issuer, set);
  Status done = options.may_publish ? options.may_publish() : Status();
  if (done) done = take_up(all, set);
  if (!done) return done;  // the full one says why
  if (shard_counts_of(issuer).empty()) return {};
  done = make_shards(issuer, all);
  if (done) {
    note_success(shards_of(issuer));
  } else {
    note_failure(shards_of(issuer), done.error());
  }
  return done;
}

// Nobody has revoked anything since it was made, as far as the ledger says.
bool CrlPublisher::Impl::has_all(const std::shared_ptr<const Crl>& crl) const {
  const auto status = ledger.status();
  return crl && status && crl->revocations == status->revocations;
}

// The one that is there, unless revocations came since, or more than `at_most` or half of its time has passed.
CrlPublisher::Impl::Made CrlPublisher::Impl::renew(const Issuer& issuer, const IssuerSet& set, Seconds at_most) {
  // Whoever asks does not wait as long as one may take whose signer is not there.
  const std::unique_lock lock(making, kPatience);
  if (!lock) return fail(Code::overloaded, "the CRL of '{}' is being made", issuer.name);
  const Status taken_up = take_up(CrlIssuer::of(issuer, set), set);
  if (!taken_up) {
    note_failure(issuer.name, taken_up.error());
    return std::unexpected(taken_up.error());
  }
  const auto there = find(issuer.name);
  const UnixSeconds now = clock.now();
  if (has_all(there) && now >= there->this_update && now <= std::min(there->this_update + at_most, half_over(*there))) {
    return there;
  }
  return make_and_publish(issuer, set);
}

// A clock that ran ahead left one of the future, which nobody takes. Beside a full one there may be a delta CRL, which
// ends sooner.
bool CrlPublisher::Impl::is_due(const Crl* there) const {
  const UnixSeconds now = clock.now();
  if (there == nullptr || now < there->this_update) return true;
  Seconds shortest = std::min(there->next_update - there->this_update, options.next_update);
  if (options.delta && there->part == CrlPart{}) shortest = std::min(shortest, *options.delta);
  return now - there->this_update >= Seconds{shortest.count / 4};
}

}  // namespace symbolon::authority
