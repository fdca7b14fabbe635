#include "authority/authority.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

#include "authority/authority_impl.h"
#include "authority/journal_beside.h"
#include "ledger/query.h"

namespace symbolon::authority {
namespace {

// Enough to show that, and among what, one has to choose.
constexpr std::size_t kMostCandidates = 20;

// Exactly one, or not_found, or ambiguous with the candidates.
Result<ledger::CertificateRecord> find_one(ledger::Ledger& ledger, const std::string& what, UnixSeconds now) {
  auto found = TRY(ledger.find(what, kMostCandidates + 1));
  if (found.empty()) return fail(Code::not_found, "'{}': no certificate has this serial, fingerprint or name", what);
  if (found.size() == 1) return std::move(found.front());
  const bool more = found.size() > kMostCandidates;
  if (more) found.pop_back();
  return fail(Code::ambiguous, "'{}' is {}{} certificates:{}", what, more ? "more than " : "", found.size(),
              candidate_lines(found, now));
}

Status use_the_one_that_ends_last(State& state) {
  auto issuers = std::make_shared<IssuerSet>(*state.issuers);
  Issuer* last = nullptr;
  for (Issuer& issuer : issuers->issuers) {
    const auto ends = [](const Issuer* one) { return one->certificate.validity().not_after; };
    if (issuer.can_sign() && (last == nullptr || ends(&issuer) > ends(last))) last = &issuer;
  }
  if (last == nullptr) return {};
  TRY(state.ledger->use_issuer(last->id, "start"));
  last->in_use = true;
  state.issuers = std::move(issuers);
  return {};
}

std::string chain_pem(const Issuer* issuer) {
  if (issuer == nullptr) return {};
  std::string out = x509::to_pem(issuer->chain);
  if (issuer->root && (issuer->chain.empty() || !(issuer->chain.back() == *issuer->root))) out += issuer->root->pem();
  return out;
}

ledger::Progress forward(const Operations::OnProgress& on_progress) {
  return [&on_progress](std::uint64_t done, std::uint64_t total) {
    if (on_progress) on_progress({static_cast<std::int64_t>(done), static_cast<std::int64_t>(total)});
    return ledger::Proceed::yes;
  };
}

}  // namespace

Result<std::unique_ptr<Authority>> Authority::open(AuthorityOptions options, const Clock& clock) {
  if (!options.keys) options.keys = keys_in_files({options.state}, {});
  State state = TRY(open_state(options.state, clock, options.keys));
  if (std::ranges::none_of(state.issuers->issuers, &Issuer::in_use)) TRY(use_the_one_that_ends_last(state));
  std::string organization = organization_of(*state.issuers, clock.now());
  auto profiles = std::make_shared<ProfileSet>(TRY(configure(builtin_profiles(organization), options.profiles)));
  const auto entries = std::make_shared<FeedLog>();
  auto revocations = TRY(LedgerRevocations::follow(*state.ledger, *state.issuers, entries.get()));
  if (options.name.empty()) options.name = organization;
  std::ignore = TRY(state.ledger->gateways());  // the feed reads them, too: who cannot be named is not waited for
  auto impl = std::make_unique<Impl>(std::move(state), std::move(options), clock, std::move(profiles),
                                     std::move(revocations), entries);
  TRY(impl->take(*impl->state.issuers));
  impl->ask_for_profiles(organization);
  impl->taking_back.start();
  if (impl->options.journal) take_back_from(*impl->options.journal, impl->taking_back, impl->feed.history());
  return std::unique_ptr<Authority>(new Authority(std::move(impl)));
}

Authority::Authority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Authority::~Authority() = default;

Result<api::ListPage> Authority::list(const api::ListQuery& query) {
  const auto parsed = TRY(ledger::parse_query(query.query, impl_->clock.now()));
  const auto listing =
      TRY(impl_->state.ledger->list(parsed, {.after = query.after, .limit = static_cast<std::size_t>(query.limit)}));
  const auto issuers = impl_->issuance.issuers();
  api::ListPage out;
  for (const ledger::CertificateRecord& record : listing.certificates) {
    out.certificates.push_back(summary_of(record, *issuers));
  }
  if (!listing.next.empty()) out.next = listing.next;
  return out;
}

Result<api::CertificateDetails> Authority::show(const std::string& what) {
  ledger::Ledger& ledger = *impl_->state.ledger;
  const auto record = TRY(find_one(ledger, what, impl_->clock.now()));
  const auto issuers = impl_->issuance.issuers();
  api::CertificateDetails out{.summary = summary_of(record, *issuers), .certificate = {}, .chain = {}};
  if (record.state == ledger::CertificateState::issued) {
    out.certificate = x509::encode_pem("CERTIFICATE", TRY(ledger.certificate_der(record.id)));
    out.chain = chain_pem(issuers->find(record.issuer));
  }
  return out;
}

Result<api::RevocationAnswer> Authority::revoke(const api::RevocationRequest& request, const Requester& requester) {
  if (request.unknown) return impl_->revoke_unknown(request, requester);
  if (request.issuer) return fail(Code::bad_request, "'issuer' goes with 'unknown'");
  ledger::Ledger& ledger = *impl_->state.ledger;
  auto record = TRY(find_one(ledger, request.what, impl_->clock.now()));
  const auto revoked = ledger.revoke({.issuer = record.issuer,
                                      .serial = record.serial,
                                      .reason = ledger_reason(request.reason),
                                      .invalid_since = request.invalid_since,
                                      .actor = requester.text});
  if (!revoked && revoked.error().code == Code::not_found) {  // it was found a moment ago, and nothing is ever deleted
    return fail_at(impl_->state.layout.ledger().string(), Code::ledger_corrupt,
                   "certificate {} is there, and its serial {} leads nowhere", record.id.value, record.serial.hex());
  }
  const ledger::RevocationOutcome outcome = TRY(revoked);
  record.revocation = outcome.revocation;
  const auto enforcement = impl_->feed.wait_for_enforcement(outcome.revocation.sequence);
  return api::RevocationAnswer{.certificate = summary_of(record, *impl_->issuance.issuers()),
                               .outcome = outcome.already_revoked ? api::RevocationOutcome::was_revoked_already
                                                                  : api::RevocationOutcome::revoked,
                               .enforcement = enforcement};
}

// What the ledger does not say of it, nobody here knows.
Result<api::RevocationAnswer> Authority::Impl::revoke_unknown(const api::RevocationRequest& request,
                                                              const Requester& requester) {
  const auto serial = TRY(x509::SerialNumber::parse(request.what));
  const auto issuers = issuance.issuers();
  const auto meant = std::ranges::find_if(issuers->issuers, [&](const Issuer& issuer) {
    return request.issuer ? issuer.name == *request.issuer : issuer.in_use;
  });
  if (meant == issuers->issuers.end()) {
    return fail(Code::issuer_unknown, "no CA '{}' is there", request.issuer.value_or("in use"));
  }
  const ledger::RevocationOutcome outcome =
      TRY(state.ledger->revoke({.issuer = meant->id,
                                .serial = serial,
                                .reason = ledger_reason(request.reason),
                                .invalid_since = request.invalid_since,
                                .actor = requester.text,
                                .unknown_serial = ledger::UnknownSerial::accept}));
  ledger::CertificateRecord record;
  record.issuer = meant->id;
  record.serial = serial;
  if (outcome.revocation.certificate) record = TRY(state.ledger->certificate(*outcome.revocation.certificate));
  record.revocation = outcome.revocation;
  return api::RevocationAnswer{.certificate = summary_of(record, *issuers),
                               .outcome = outcome.already_revoked ? api::RevocationOutcome::was_revoked_already
                                                                  : api::RevocationOutcome::revoked,
                               .enforcement = feed.wait_for_enforcement(outcome.revocation.sequence)};
}

Result<api::ReleaseAnswer> Authority::release(const api::ReleaseRequest& request, const Requester& requester) {
  ledger::Ledger& ledger = *impl_->state.ledger;
  auto record = TRY(find_one(ledger, request.what, impl_->clock.now()));
  const auto outcome = TRY(ledger.release({.issuer = record.issuer, .serial = record.serial, .actor = requester.text}));
  record.revocation.reset();
  const auto enforcement = impl_->feed.wait_for_enforcement(outcome.release.sequence);
  return api::ReleaseAnswer{
      .certificate = summary_of(record, *impl_->issuance.issuers()),
      .outcome = outcome.already_released ? api::ReleaseOutcome::was_released_already : api::ReleaseOutcome::released,
      .enforcement = enforcement};
}

Result<api::ProfileList> Authority::profiles() {
  api::ProfileList out;
  for (const auto& [name, profile] : impl_->issuance.profiles()) out.profiles.push_back(view_of(profile));
  return out;
}

Result<api::IssuerList> Authority::issuers() {
  const auto issuers = impl_->issuance.issuers();
  const auto in_use = issuers->select(std::nullopt, impl_->clock.now());
  api::IssuerList out;
  for (const Issuer& issuer : issuers->issuers) out.issuers.push_back(view_of(issuer, in_use ? *in_use : nullptr));
  return out;
}

Result<api::StatusInfo> Authority::status() {
  const UnixSeconds now = impl_->clock.now();
  ledger::Ledger& ledger = *impl_->state.ledger;
  const auto counts = TRY(ledger.status());
  const auto newest = TRY(ledger.list({}, {.limit = 1}));
  api::StatusInfo out{.version = SYMBOLON_VERSION,
                      .name = impl_->options.name,
                      .now = now,
                      .started_at = impl_->started_at,
                      .issued = static_cast<std::int64_t>(counts.certificates),
                      .revoked = static_cast<std::int64_t>(counts.revoked),
                      .unfinished = static_cast<std::int64_t>(counts.unfinished),
                      .last_issued_at = {},
                      .ledger = {.entries = static_cast<std::int64_t>(counts.head.sequence),
                                 .octets = static_cast<std::int64_t>(counts.octets),
                                 .commits = static_cast<std::int64_t>(counts.commits),
                                 .waiting = static_cast<std::int64_t>(counts.waiting)},
                      .crls = {},
                      .gateways = impl_->feed.gateways().gateways,
                      .warnings = issuer_warnings(*impl_->issuance.issuers(), impl_->issuance.profiles(), now)};
  if (!newest.certificates.empty()) out.last_issued_at = newest.certificates.front().issued_at;
  if (impl_->options.crl) {
    for (const auto& crl : impl_->crls.all()) out.crls.push_back(view_of(*crl));
  }
  for (const Error& failure : impl_->crls.failures()) out.warnings.push_back({failure.code, failure.text()});
  for (const Error& failure : impl_->ocsp ? impl_->ocsp->failures() : std::vector<Error>()) {
    out.warnings.push_back({failure.code, failure.words});
  }
  for (const Error& alarm : impl_->feed.alarms()) out.warnings.push_back({alarm.code, alarm.words});
  for (const Error& alarm : impl_->taking_back.alarms()) out.warnings.push_back({alarm.code, alarm.words});
  if (const auto failure = impl_->head_keeper.failure()) out.warnings.push_back({failure->code, failure->text()});
  if (counts.clock_set_back) {
    out.warnings.push_back({Code::clock_set_back, "the clock stands before the ledger's newest entry"});
  }
  for (const std::string& serial : TRY(impl_->left_unfinished())) {
    out.warnings.push_back({Code::intent_unfinished, fmt::format("serial {}", serial)});
  }
  return out;
}

Result<api::LedgerVerifyAnswer> Authority::verify_ledger(const api::LedgerVerifyRequest& request,
                                                         const OnProgress& on_progress) {
  std::optional<ledger::AuditHead> against;
  if (request.against) {
    const auto head = TRY(api::head_of(revocation::HeadKind::audit, *request.against)).head;
    against = ledger::AuditHead{.sequence = head.count, .time = head.time, .hash = head.hash};
  }
  const auto report = TRY(impl_->state.ledger->verify(forward(on_progress), against));
  return api::LedgerVerifyAnswer{.entries = static_cast<std::int64_t>(report.head.sequence),
                                 .head = to_hex(report.head.hash)};
}

namespace {

// The kernel would refuse it, too, but not say what to do.
Status check_backup(const Path& file, const std::vector<Path>& folders) {
  const auto below = [&](const Path& folder) {
    const Path way = file.lexically_normal().lexically_relative(folder.lexically_normal());
    return !way.empty() && *way.begin() != "..";
  };
  if (folders.empty() || std::ranges::any_of(folders, below)) return {};
  return fail_at(file.string(), Code::file_unwritable,
                 "while it runs, the authority can write below {} only; `authority.backups` names a further folder",
                 fmt::join(folders | std::views::transform(&Path::native), " and "));
}

}  // namespace

Result<api::LedgerBackupAnswer> Authority::backup_ledger(const api::LedgerBackupRequest& request,
                                                         const OnProgress& on_progress) {
  TRY(check_backup(request.path, impl_->options.backups));
  const auto report = TRY(impl_->state.ledger->backup(request.path, forward(on_progress)));
  return api::LedgerBackupAnswer{.path = request.path, .octets = static_cast<std::int64_t>(report.octets)};
}

Result<api::ClockAcceptance> Authority::accept_clock(const Requester& requester) {
  ledger::Ledger& ledger = *impl_->state.ledger;
  const ledger::AuditHead newest = TRY(ledger.audit_head());
  api::ClockAcceptance out{api::ClockOutcome::not_behind, impl_->clock.now(), newest.time};
  if (out.now >= newest.time) return out;
  TRY(ledger.accept_clock(requester.text));
  out.outcome = api::ClockOutcome::accepted;
  return out;
}

void Authority::publish_crls() { impl_->crls.start(); }
CrlPublisher& Authority::crls() { return impl_->crls; }
void Authority::answer_ocsp() {
  if (impl_->ocsp) impl_->ocsp->start();
}
OcspResponder* Authority::ocsp() { return impl_->ocsp.get(); }

Result<api::FeedPage> Authority::feed_page(const api::FeedQuery& query) {
  auto page = TRY(impl_->feed.page(query, *impl_->issuance.issuers()));
  if (page.behind) {
    impl_->taking_back.claimed(query.gateway, query.after);
  } else {
    impl_->taking_back.in_step(query.gateway);
  }
  page.ticket_keys = impl_->ticket_keys.generation();
  if (!query.repeated)
    TRY(impl_->feed.heard(query, page.behind));  // what it enforces by another ledger's numbers does not count
  return page;
}

Result<api::TicketKeysAnswer> Authority::ticket_keys(const api::TicketKeysRequest& request) {
  return impl_->ticket_keys.give(request);
}

Result<api::SeenPage> Authority::report_seen(const api::SeenPage& seen, const std::string& gateway) {
  return impl_->unknown.take(seen, gateway);
}
Result<api::SeenPage> Authority::seen_unknown() { return impl_->unknown.list(); }

Result<api::GatewayList> Authority::gateways() { return impl_->feed.gateways(); }

Result<api::GatewayInfo> Authority::forget_gateway(const std::string& name, const Requester& requester) {
  impl_->taking_back.forget(name);
  return impl_->feed.forget(name, requester.text);
}

RevocationFeed* Authority::feed() { return &impl_->feed; }

Result<Standing> Authority::standing_of(const x509::Certificate& issuer, const x509::Certificate& leaf) const {
  const auto ours = impl_->issuance.issuers();
  const auto is_it = [&](const Issuer& one) { return one.certificate == issuer; };
  const auto found = std::ranges::find_if(ours->issuers, is_it);
  if (found == ours->issuers.end()) return Standing::foreign;
  const auto record = impl_->state.ledger->certificate(found->id, leaf.serial());
  if (!record && record.error().code == Code::not_found) return Standing::foreign;
  if (!record) return std::unexpected(record.error());
  if (record->fingerprint != leaf.fingerprint()) return Standing::foreign;
  return record->revocation ? Standing::revoked : Standing::good;
}

api::Roles Authority::roles_of(const x509::Identity& identity) const { return impl_->options.rights.of(identity); }

std::shared_ptr<const revocation::RevocationSource> Authority::revocations() const {
  return impl_->revocations->source();
}
std::vector<x509::Certificate> Authority::anchors() const { return impl_->issuance.issuers()->anchors(); }
Issuance& Authority::issuance() { return impl_->issuance; }
const StateLayout& Authority::layout() const { return impl_->state.layout; }

}  // namespace symbolon::authority
