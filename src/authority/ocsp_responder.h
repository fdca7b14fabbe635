// Answers OCSP requests (RFC 6960) about what this authority issued.
//
//   read(request)   -> whose certificates are meant; or an error response, unsigned
//   find(question)  -> from memory, where an answer was signed that still counts and still is true
//   sign(question)  -> certificate of the responder · signed where the key is, here or in the signer, by what the
//                      ledger says there · the same bytes built from that · signature verified · kept, unless with a
//                      nonce
//
// What is kept is held against the revocation set of this process whenever it is given out: a revocation counts from
// the moment at which it is answered. "Unknown" is never kept: it would outlive the certificate that is issued next.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <variant>
#include <vector>

#include "authority/issuance.h"
#include "authority/issuer.h"
#include "authority/ledger_revocations.h"
#include "authority/ocsp_cache.h"
#include "authority/ocsp_config.h"
#include "authority/ocsp_content.h"
#include "authority/ocsp_signer.h"
#include "authority/responder_certificates.h"
#include "base/clock.h"
#include "revocation/cert_id_matcher.h"
#include "revocation/ocsp_response.h"

namespace symbolon::authority {

struct OcspResponderOptions {
  Seconds next_update = kUsualOcsp;
  std::size_t kept = 65'536;               // responses, 1 to 3 KiB each: the certificates go along
  std::chrono::milliseconds look{10'000};  // for responses that are half over
};

// Thread-safe.
class OcspResponder {
 public:
  // Whether the ledger may be believed about what that CA has revoked (CrlPublisher::check_ledger).
  using CheckLedger = std::function<Status(const Issuer& issuer)>;
  // Borrowed; they outlive it.
  struct Parts {
    Issuance& issuance;
    const LedgerRevocations& revocations;
    OcspSigner& signer;
    const Clock& clock;
    CheckLedger check_ledger;
  };
  OcspResponder(const Parts& parts, OcspResponderOptions options);
  OcspResponder(const OcspResponder&) = delete;
  OcspResponder& operator=(const OcspResponder&) = delete;
  ~OcspResponder();

  // From now on a thread has certificates issued and renewed in time, and signs anew what was asked for and is half
  // over.
  void start();
  // Ends it, and lets no further call wait for a signature: they are told to try later. What is being signed is
  // finished.
  void stop();

  struct Known;  // the CAs that are answered for
  struct Question {
    std::shared_ptr<const Known> known;
    std::size_t issuer = 0;  // in it
    std::vector<signer::OcspName::Entry> entries;
    Bytes nonce;
  };
  using Answer = std::variant<std::shared_ptr<const OcspResponse>, revocation::OcspError>;

  // Pure but for who the CAs are. malformed_request; unauthorized (RFC 5019 §2.2.3): a certificate of nobody whom we
  // answer for, of several CAs at once, under a hash that is not SHA-1 or SHA-256, or with a serial that none can have.
  std::variant<Question, revocation::OcspError> read(ByteView request) const;
  // Does not block. Null: it must be signed. What is half over goes out only while the signer is away.
  std::shared_ptr<const OcspResponse> find(const Question& question);
  // Blocks. Where it cannot be signed, an older one that is kept and still counts goes out; else try_later (the signer
  // cannot at the moment, or an older backup of the ledger was restored), unauthorized (the CA can have no responder:
  // it is revoked, over, or not for that) or internal_error.
  Answer sign(const Question& question);
  // Likewise several at once, answered in their order.
  std::vector<Answer> sign(const std::vector<Question>& questions);

  const Clock& clock() const { return parts_.clock; }
  // Of certificates for the responder.
  std::vector<Error> failures() const { return certificates_.failures(); }

 private:
  using Made = Result<std::shared_ptr<const OcspResponse>>;
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Draft;

  std::shared_ptr<const Known> known() const;
  std::shared_ptr<const OcspResponse> kept(const Question& question);
  Made make(const Question& question);
  Made make_once(const Question& question);
  std::vector<Made> make_together(const std::vector<Question>& questions);
  Result<Draft> draft(const Question& question);
  Made finish(const Draft& draft, const Result<signer::SignedOcsp>& signature);
  Status check_said(const Draft& draft, const std::vector<revocation::CertStatus>& said);
  Made keep(const Question& question, Made made);
  Answer answer(const Question& question, Made made);
  bool is_good(const signer::SignedOcsp& made, ByteView content, const ResponderCertificate& certificate);
  Status may_try();
  void note_try(const Made& made);
  UnixSeconds this_update();
  void note_failure(const Error& why);
  Status renew_what_is_due();
  void look_after();

  const Parts parts_;
  const OcspResponderOptions options_;
  ResponderCertificates certificates_;
  OcspCache cache_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::shared_ptr<const Known> known_;
  UnixSeconds last_update_ = {};
  bool away_ = false;      // the signer was not reached
  SteadyTime again_ = {};  // not tried before
  std::chrono::seconds pause_{0};
  SteadyTime next_line_ = {};          // of the log, about failures
  std::uint64_t untold_ = 0;           // failures since the last one
  std::set<crypto::Sha256> verified_;  // keys that signed well when it was tried last
  int since_verified_ = 0;             // responses
  bool stopping_ = false;
  std::condition_variable stop_;
  std::thread thread_;
};

}  // namespace symbolon::authority
