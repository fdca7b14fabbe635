#include "authority/ocsp_responder.h"

#include <algorithm>
#include <utility>

#include "authority/apply_profile.h"
#include "authority/crl_content.h"
#include "base/log.h"
#include "base/memory_guard.h"

namespace symbolon::authority {

struct OcspResponder::Known {
  std::shared_ptr<const IssuerSet> set;  // whose these are
  std::vector<const Issuer*> issuers;
  std::vector<OcspIssuer> about;  // each of them
  revocation::CertIdMatcher matcher;

  // CA certificates of one name and key are one CA to whoever asks: where the one that was asked about can issue
  // nothing now, another one speaks for it. Of the same octets: a CertID holds a hash of them.
  std::size_t speaker_for(std::size_t index, UnixSeconds now) const {
    if (set->select(issuers[index]->name, now)) return index;
    for (const ledger::IssuerId id : about[index].ids) {
      const auto at = std::ranges::find(issuers, id, &Issuer::id);
      if (at == issuers.end() || !set->select((*at)->name, now)) continue;
      const ByteView subject = (*at)->certificate.subject().der();
      if (std::ranges::equal(subject, issuers[index]->certificate.subject().der()))
        return static_cast<std::size_t>(at - issuers.begin());
    }
    return index;
  }
};

// A response before it is signed.
struct OcspResponder::Draft {
  const Issuer* issuer = nullptr;     // in the question's set
  const OcspIssuer* about = nullptr;  // likewise
  std::shared_ptr<const ResponderCertificate> certificate;
  signer::OcspName name;
};

namespace {

using revocation::CertStatus;
using revocation::OcspError;
using revocation::OcspStatus;
using revocation::SerialState;

// thisUpdate lies this long back, so that a peer whose clock is behind takes it.
constexpr Seconds kBackdated = kCrlBackdate;
constexpr int kTries = 4;  // what is revoked or started anew in between needs another one
constexpr int kVerifiedOneOf = 16;
constexpr std::size_t kRenewedAtOnce = 1000;
constexpr std::chrono::seconds kFirstPause{
    1};  // after the signer was not reached; twice as long after each further try
constexpr std::chrono::seconds kLongestPause{30};
constexpr std::chrono::seconds kLogPause{10};  // anybody can make them

OcspError error_for(Code code) {
  switch (code) {
    case Code::signer_unreachable:
    case Code::overloaded:
    case Code::cancelled:
    case Code::ocsp_responder_changed:
    case Code::out_of_memory:
    case Code::ledger_behind:
    case Code::crl_ahead_of_ledger: return OcspError::try_later;
    case Code::issuer_unknown:
    case Code::ca_revoked:
    case Code::ca_expired:
    case Code::ca_not_yet_valid:
    case Code::lint_outside_issuer_purposes: return OcspError::unauthorized;
    default: return OcspError::internal_error;
  }
}

// Of one certificate, where it is known.
std::optional<SerialState> state_of(const std::vector<CertStatus>& said) {
  if (said.size() != 1) return std::nullopt;
  switch (said.front().status) {
    case OcspStatus::unknown: return std::nullopt;
    case OcspStatus::good: return SerialState::unrevoked;
    case OcspStatus::revoked: break;
  }
  const bool held = said.front().reason == static_cast<std::uint8_t>(ledger::RevocationReason::certificate_hold);
  return held ? SerialState::held : SerialState::revoked;
}

// The signer was started anew between draft and signature, or something was revoked between signature and finish.
bool came_in_between(const Result<std::shared_ptr<const OcspResponse>>& made) {
  return !made && (made.error().code == Code::ocsp_responder_changed || made.error().code == Code::ocsp_bad_signature);
}

std::shared_ptr<const OcspResponder::Known> know(const std::shared_ptr<const IssuerSet>& set) {
  std::vector<const Issuer*> issuers;
  std::vector<OcspIssuer> about;
  std::vector<x509::Certificate> certificates;
  for (const Issuer& issuer : set->issuers) {
    if (issuer.signer == nullptr || !may_certify_responders(issuer)) continue;
    issuers.push_back(&issuer);
    about.push_back(OcspIssuer::of(issuer, *set));
    certificates.push_back(issuer.certificate);
  }
  return std::make_shared<const OcspResponder::Known>(
      OcspResponder::Known{set, std::move(issuers), std::move(about), revocation::CertIdMatcher(certificates)});
}

}  // namespace

OcspResponder::OcspResponder(const Parts& parts, OcspResponderOptions options)
    : parts_(parts),
      options_(options),
      certificates_(parts.issuance, parts.signer, parts.clock, options.next_update),
      cache_(options.kept) {}

OcspResponder::~OcspResponder() { stop(); }

void OcspResponder::start() {
  thread_ = std::thread([this] { look_after(); });
}

void OcspResponder::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const OcspResponder::Known> OcspResponder::known() const {
  const auto set = parts_.issuance.issuers();
  const std::lock_guard lock(mutex_);
  if (!known_ || known_->set != set) known_ = know(set);
  return known_;
}

std::variant<OcspResponder::Question, OcspError> OcspResponder::read(ByteView request) const {
  const auto parsed = revocation::parse_ocsp_request(request);
  if (!parsed) return OcspError::malformed_request;
  Question out{.known = known(), .entries = {}, .nonce = {}};
  std::optional<std::size_t> issuer;
  for (const revocation::CertId& id : parsed->requests) {
    const auto found = out.known->matcher.find(id);
    if (!found || (issuer && *issuer != *found) || !id.serial) return OcspError::unauthorized;
    issuer = found;
    const bool sha1 = id.hash == revocation::CertIdHash::sha1;
    out.entries.push_back({.hash = sha1 ? signer::OcspHash::sha1 : signer::OcspHash::sha256, .serial = *id.serial});
  }
  if (!issuer) return OcspError::malformed_request;
  out.issuer = *issuer;
  if (const auto& nonce = parsed->nonce) out.nonce = to_bytes(*nonce);
  return out;
}

// One that still counts and still is true.
std::shared_ptr<const OcspResponse> OcspResponder::kept(const Question& question) {
  if (!question.nonce.empty() || question.entries.size() != 1) return nullptr;
  const Issuer& issuer = *question.known->issuers[question.issuer];
  const OcspCache::Key key{issuer.id, question.entries.front()};
  auto found = cache_.find(key);
  const UnixSeconds now = parts_.clock.now();
  if (!found || now < found->this_update || now >= found->next_update) return nullptr;
  if (found->state != parts_.revocations.state(issuer.certificate, key.entry.serial)) return nullptr;
  if (!parts_.check_ledger(issuer)) return nullptr;  // it may have forgotten what the answer would be today
  return found;
}

std::shared_ptr<const OcspResponse> OcspResponder::find(const Question& question) {
  auto found = kept(question);
  if (!found || parts_.clock.now() < found->half_over()) return found;
  const std::lock_guard lock(mutex_);
  return away_ ? found : nullptr;
}

OcspResponder::Answer OcspResponder::sign(const Question& question) { return answer(question, make(question)); }

std::vector<OcspResponder::Answer> OcspResponder::sign(const std::vector<Question>& questions) {
  std::vector<Made> made = make_together(questions);
  std::vector<Answer> out;
  out.reserve(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) out.push_back(answer(questions[i], std::move(made[i])));
  return out;
}

OcspResponder::Answer OcspResponder::answer(const Question& question, Made made) {
  if (made) return *std::move(made);
  note_failure(made.error());
  if (auto older = kept(question)) return older;
  return error_for(made.error().code);
}

// A response with a nonce is for whoever asked alone.
OcspResponder::Made OcspResponder::keep(const Question& question, Made made) {
  if (made && question.nonce.empty() && (*made)->state) {
    cache_.put({question.known->issuers[question.issuer]->id, question.entries.front()}, *made);
  }
  return made;
}

OcspResponder::Made OcspResponder::make(const Question& question) {
  for (int i = 1;; ++i) {
    TRY(parts_.check_ledger(*question.known->issuers[question.issuer]));
    TRY(may_try());
    auto made = make_once(question);
    note_try(made);
    if (!came_in_between(made) || i == kTries) return keep(question, std::move(made));
  }
}

OcspResponder::Made OcspResponder::make_once(const Question& question) {
  const Draft one = TRY(draft(question));
  return finish(one, parts_.signer.sign(one.name));
}

// As make() for each, but for one call of the signer; where something came in between, make() tries again.
std::vector<OcspResponder::Made> OcspResponder::make_together(const std::vector<Question>& questions) {
  std::vector<Made> out(questions.size());
  std::vector<Draft> drafts;
  std::vector<std::size_t> places;  // of their questions
  std::vector<signer::OcspName> names;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto may = parts_.check_ledger(*questions[i].known->issuers[questions[i].issuer]);
    if (may) may = may_try();
    if (!may) {
      out[i] = std::unexpected(may.error());
      continue;
    }
    auto one = draft(questions[i]);
    if (!one) {
      out[i] = std::unexpected(one.error());
      note_try(out[i]);
      continue;
    }
    names.push_back(one->name);
    drafts.push_back(*std::move(one));
    places.push_back(i);
  }
  if (drafts.empty()) return out;
  const auto signatures = parts_.signer.sign_all(names);
  std::vector<Made> made;
  made.reserve(drafts.size());
  for (std::size_t i = 0; i < drafts.size(); ++i) made.push_back(finish(drafts[i], signatures[i]));
  // One try, which reached the signer if one of them did.
  const auto reached = std::ranges::find_if(made, [](const Made& one) { return one.has_value(); });
  note_try(reached != made.end() ? *reached : made.front());
  for (std::size_t i = 0; i < made.size(); ++i) {
    const Question& question = questions[places[i]];
    out[places[i]] = came_in_between(made[i]) ? make(question) : keep(question, std::move(made[i]));
  }
  return out;
}

Result<OcspResponder::Draft> OcspResponder::draft(const Question& question) {
  const std::size_t speaker = question.known->speaker_for(question.issuer, parts_.clock.now());
  const Issuer& issuer = *question.known->issuers[speaker];
  auto certificate = TRY(certificates_.of(issuer));
  const UnixSeconds from = std::max(this_update(), certificate->validity.not_before);
  signer::OcspName name{.issuer = issuer.id.value,
                        .responder = certificate->key.spki_sha256(),
                        .this_update = from,
                        .next_update = std::min(from + options_.next_update, certificate->validity.not_after),
                        .nonce = question.nonce,
                        .entries = question.entries};
  return Draft{.issuer = &issuer,
               .about = &question.known->about[speaker],
               .certificate = std::move(certificate),
               .name = std::move(name)};
}

// What was revoked for good when somebody asks is never called anything else, whatever the signer reads.
Status OcspResponder::check_said(const Draft& draft, const std::vector<CertStatus>& said) {
  ENSURE(said.size() == draft.name.entries.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    const x509::SerialNumber& serial = draft.name.entries[i].serial;
    if (said[i].status == OcspStatus::revoked ||
        parts_.revocations.state(draft.issuer->certificate, serial) != SerialState::revoked) {
      continue;
    }
    return fail(Code::ocsp_bad_signature, "serial {} of the CA '{}' is revoked, and the signer says otherwise",
                serial.hex(), draft.issuer->name);
  }
  return {};
}

OcspResponder::Made OcspResponder::finish(const Draft& draft, const Result<signer::SignedOcsp>& signature) {
  const auto& [issuer, about, certificate, name] = draft;
  if (!signature) {
    if (signature.error().code == Code::ocsp_responder_changed) certificates_.forget(issuer->id, certificate);
    return std::unexpected(signature.error());
  }
  const Bytes content = TRY(ocsp_content(*about, name, certificate->key, signature->said));
  TRY(check_said(draft, signature->said));
  if (!is_good(*signature, content, *certificate)) {
    return fail(Code::ocsp_bad_signature, "of a response about the CA '{}'", issuer->name);
  }
  // With the CAs up to the root, for who trusts nothing but that one (Apache looks nowhere else).
  std::vector<Bytes> certificates{certificate->der};
  for (const x509::Certificate& ca : issuer->chain) certificates.push_back(to_bytes(ca.der()));
  const Bytes der = revocation::assemble_ocsp(content, certificate->algorithm, signature->signature, certificates);
  return std::make_shared<const OcspResponse>(OcspResponse{.der = std::string(as_text(der)),
                                                           .this_update = name.this_update,
                                                           .next_update = name.next_update,
                                                           .with_nonce = !name.nonce.empty(),
                                                           .state = state_of(signature->said)});
}

// The signer says what it signed: where that is what was built here, the signature is over it, as far as the signer's
// arithmetic can be trusted. That is tried with one of a few, the first one of each key among them: verifying costs
// about as much as signing.
bool OcspResponder::is_good(const signer::SignedOcsp& made, ByteView content, const ResponderCertificate& certificate) {
  if (made.octets != crypto::sha256(content)) return false;
  {
    const std::lock_guard lock(mutex_);
    if (verified_.contains(certificate.key.spki_sha256()) && ++since_verified_ < kVerifiedOneOf) return true;
    since_verified_ = 0;
  }
  const bool good = crypto::verify_signature(certificate.key, certificate.algorithm, content, made.signature);
  const std::lock_guard lock(mutex_);
  if (good) verified_.insert(certificate.key.spki_sha256());
  if (!good) verified_.erase(certificate.key.spki_sha256());  // from now on each, until one is good again
  return good;
}

// A signer that is away is tried by one at a time; all others are answered at once.
Status OcspResponder::may_try() {
  const std::lock_guard lock(mutex_);
  if (stopping_) return fail(Code::cancelled, "the responder is stopping");
  if (!away_) return {};
  const auto now = std::chrono::steady_clock::now();
  if (now < again_) return fail(Code::signer_unreachable, "it was not reached just now");
  again_ = now + kLongestPause;  // note_try() says better, unless whoever tries comes to nothing
  return {};
}

void OcspResponder::note_try(const Made& made) {
  const std::lock_guard lock(mutex_);
  const bool was_away = std::exchange(away_, !made && made.error().code == Code::signer_unreachable);
  if (!away_ || !was_away) pause_ = std::chrono::seconds(0);
  if (away_) {
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
    again_ = std::chrono::steady_clock::now() + pause_;
  }
}

// It goes back with a clock that was set back, but not for less than it lies back itself.
UnixSeconds OcspResponder::this_update() {
  const UnixSeconds now = parts_.clock.now();
  const std::lock_guard lock(mutex_);
  if (last_update_ > now || last_update_ < now - kBackdated) last_update_ = now - kBackdated;
  return last_update_;
}

void OcspResponder::note_failure(const Error& why) {
  if (why.code == Code::cancelled) return;
  const auto now = std::chrono::steady_clock::now();
  std::uint64_t untold = 0;
  {
    const std::lock_guard lock(mutex_);
    if (now < next_line_) {
      ++untold_;
      return;
    }
    next_line_ = now + kLogPause;
    untold = std::exchange(untold_, 0);
  }
  log(LogLevel::warning, "no OCSP response",
      {{"code", std::string(name(why.code))}, {"reason", why.text()}, {"others_before", std::to_string(untold)}});
}

Status OcspResponder::renew_what_is_due() {
  const auto now = known();
  for (const Issuer* const issuer : now->issuers) {
    if (!parts_.check_ledger(*issuer)) continue;  // the publisher tells
    if (!may_try()) return {};
    const auto certificate = certificates_.of(*issuer);  // it tells by itself
    note_try(certificate ? Made() : Made(std::unexpected(certificate.error())));
  }
  const Seconds ahead{options_.next_update.count / 8};  // of the moment at which nobody would take them any more
  for (const OcspCache::Key& key : cache_.due(parts_.clock.now() + ahead, kRenewedAtOnce)) {
    const auto issuer = std::ranges::find(now->issuers, key.issuer, &Issuer::id);
    if (issuer == now->issuers.end()) continue;
    const auto index = static_cast<std::size_t>(issuer - now->issuers.begin());
    const auto made = make({.known = now, .issuer = index, .entries = {key.entry}, .nonce = {}});
    if (made) continue;
    note_failure(made.error());
    if (error_for(made.error().code) == OcspError::try_later) return {};
  }
  return {};
}

void OcspResponder::look_after() {
  while (true) {
    const auto done = unless_out_of_memory([this] { return renew_what_is_due(); });
    if (!done) log(LogLevel::warning, done.error());
    std::unique_lock lock(mutex_);
    if (stop_.wait_for(lock, options_.look, [this] { return stopping_; })) return;
  }
}

}  // namespace symbolon::authority
