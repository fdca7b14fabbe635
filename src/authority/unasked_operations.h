// For tests of the API's server: operations that nobody is expected to ask for; a test overrides those it is about.
#pragma once

#include "authority/operations.h"

namespace symbolon::authority {

class UnaskedOperations : public Operations {
 public:
  Result<api::IssueAnswer> issue(const api::IssueRequest&, const Requester&,
                                 const std::optional<std::string>&) override {
    return unasked();
  }
  Result<api::ListPage> list(const api::ListQuery&) override { return unasked(); }
  Result<api::CertificateDetails> show(const std::string&) override { return unasked(); }
  Result<api::RevocationAnswer> revoke(const api::RevocationRequest&, const Requester&) override { return unasked(); }
  Result<api::ReleaseAnswer> release(const api::ReleaseRequest&, const Requester&) override { return unasked(); }
  Result<api::RevokeMatchingAnswer> revoke_matching(const api::RevokeMatchingRequest&, const Requester&,
                                                    const OnProgress&) override {
    return unasked();
  }
  Result<api::ProfileList> profiles() override { return unasked(); }
  Result<api::IssuerList> issuers() override { return unasked(); }
  Result<api::StatusInfo> status() override { return unasked(); }
  Result<api::NewIssuerAnswer> new_issuer(const api::NewIssuerRequest&, const Requester&) override { return unasked(); }
  Result<api::IssuerInfo> sign_issuer(const std::string&, const api::IssuerSignature&, const Requester&) override {
    return unasked();
  }
  Result<api::IssuerInfo> use_issuer(const std::string&, const Requester&) override { return unasked(); }
  Result<api::IssuerInfo> import_issuer(const api::ImportIssuerRequest&, const Requester&) override {
    return unasked();
  }
  Result<api::ChangeList> changes() override { return unasked(); }
  Result<api::ChangeInfo> approve(const std::string&, const Requester&) override { return unasked(); }
  Result<api::LedgerVerifyAnswer> verify_ledger(const api::LedgerVerifyRequest&, const OnProgress&) override {
    return unasked();
  }
  Result<api::LedgerBackupAnswer> backup_ledger(const api::LedgerBackupRequest&, const OnProgress&) override {
    return unasked();
  }
  Result<api::ClockAcceptance> accept_clock(const Requester&) override { return unasked(); }
  Result<Standing> standing_of(const x509::Certificate&, const x509::Certificate&) const override { return unasked(); }
  api::Roles roles_of(const x509::Identity&) const override { return {}; }
  void record_refusal(const std::string&, const std::string&, const Error&) override {}

 protected:
  static std::unexpected<Error> unasked() { return fail(Code::internal, "not expected in this test"); }
};

}  // namespace symbolon::authority
