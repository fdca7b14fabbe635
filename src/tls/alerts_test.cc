// Every row of the code table that the judgement can reach is led through a real handshake, and the alert that the
// client really got is the one that the table promises.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "revocation/revocation_source.h"
#include "tls/testing/meeting.h"

namespace symbolon::tls {
namespace {

using namespace testing;

struct Case {
  Code code;
  Holder client;
  ServerOptions server;
};

Holder leaf(std::string_view id, std::string_view issuer, std::vector<x509::Certificate> rest,
            std::string_view more = Forge::kClient) {
  std::vector<x509::Certificate> chain = {forge().certificate(id, id, issuer, more)};
  chain.insert(chain.end(), rest.begin(), rest.end());
  return holder(std::move(chain), id);
}

std::string dated(std::string_view base, std::int64_t from, std::int64_t to) {
  return Forge::with(base, fmt::format(R"("not_before": {}, "not_after": {})", kNow.count + from, kNow.count + to));
}

// What differs from a server that is as it should be.
ServerOptions server(std::function<void(JudgeOptions&)> change = {}) {
  ServerOptions out = house().options();
  if (change) change(out.clients);
  return out;
}

constexpr std::int64_t kDays = 86400;

class Demanding final : public x509::RevocationChecker {
 public:
  Answer check(const x509::Certificate&, const x509::SerialNumber&, UnixSeconds) const override {
    return {.status = Status::unknown, .since = {}, .detail = "no data"};
  }
  Answer check_pinned(const x509::Certificate&, UnixSeconds) const override { return {.status = Status::good}; }
  std::uint64_t generation() const override { return 0; }
};

std::vector<Case> certificate_cases() {
  const House& h = house();
  const auto revoking = [](const x509::Certificate& issuer, const x509::Certificate& revoked) {
    auto source = std::make_shared<revocation::RevocationSource>();
    source->add(revocation::IssuerKey::of(issuer), revoked.serial(), kNow - kDay);
    return [source](JudgeOptions& options) { options.revocation = source; };
  };
  std::vector<Case> out;
  const auto add = [&](Code code, Holder client, ServerOptions options) {
    out.push_back({code, std::move(client), std::move(options)});
  };

  const auto stranger = forge().ca("a-stranger", "Stranger");
  add(Code::client_certificate_untrusted_issuer, leaf("a-untrusted", "a-stranger", {stranger}), server());
  const auto named = [](std::string_view name) {
    return Forge::with(Forge::kCa, fmt::format(R"("subject": [["O", "Example"], ["CN", "{}"]])", name));
  };
  const auto example_root = forge().certificate("a-example-root", "", "", named("Root"));
  forge().certificate("a-example-issuing", "", "a-example-root", named("Issuing"));
  add(Code::client_certificate_incomplete_chain, leaf("a-incomplete", "a-example-issuing", {}),
      server([&](JudgeOptions& options) { options.trust = trust({example_root}); }));
  const std::string huge(2 * 66'000, '0');
  add(Code::client_certificate_path_too_complex,
      leaf("a-huge", "house-issuing", {h.issuing},
           Forge::with(Forge::kClient,
                       fmt::format(R"("extensions": [{{"oid": "1.2.3.4", "value": "{}", "critical": false}}])", huge))),
      server());
  add(Code::client_certificate_self_signed, leaf("a-self", "", {}), server());
  add(Code::client_certificate_expired,
      leaf("a-expired", "house-issuing", {h.issuing}, dated(Forge::kClient, -9 * kDays, -kDays)), server());
  add(Code::client_certificate_not_yet_valid,
      leaf("a-early", "house-issuing", {h.issuing}, dated(Forge::kClient, kDays, 9 * kDays)), server());
  const auto old = forge().certificate("a-old-ca", "Old", "house-root", dated(Forge::kCa, -9 * kDays, -kDays));
  add(Code::client_certificate_issuer_expired, leaf("a-of-old", "a-old-ca", {old}), server());
  const auto young = forge().certificate("a-young-ca", "Young", "house-root", dated(Forge::kCa, kDays, 9 * kDays));
  add(Code::client_certificate_issuer_not_yet_valid, leaf("a-of-young", "a-young-ca", {young}), server());
  add(Code::client_certificate_revoked, h.alice(), server(revoking(h.issuing, h.client)));
  add(Code::client_certificate_issuer_revoked, h.alice(), server(revoking(h.root, h.issuing)));
  add(Code::client_certificate_revocation_unknown, h.alice(),
      server([](JudgeOptions& options) { options.revocation = std::make_shared<Demanding>(); }));
  add(Code::client_certificate_wrong_extended_key_usage, leaf("a-server", "house-issuing", {h.issuing}, Forge::kServer),
      server());
  add(Code::client_certificate_wrong_key_usage,
      leaf("a-usage", "house-issuing", {h.issuing},
           R"("basic": {"ca": false}, "usage": ["key_agreement"], "eku": ["1.3.6.1.5.5.7.3.2"])"),
      server());
  add(Code::client_certificate_is_ca, leaf("a-ca-leaf", "house-issuing", {h.issuing}, Forge::kCa), server());
  add(Code::client_certificate_depth_exceeded, h.alice(), server([](JudgeOptions& options) { options.depth = 0; }));
  const auto short_ca = forge().certificate("a-short", "Short", "house-root",
                                            R"("basic": {"ca": true, "path": 0}, "usage": ["key_cert_sign"])");
  const auto below = forge().ca("a-below", "Below", "a-short");
  add(Code::client_certificate_path_length_exceeded, leaf("a-too-long", "a-below", {below, short_ca}), server());
  const auto no_ca = forge().certificate("a-no-ca", "No CA", "house-root", Forge::kClient);
  add(Code::client_certificate_issuer_not_ca, leaf("a-of-no-ca", "a-no-ca", {no_ca}), server());
  const auto no_sign =
      forge().certificate("a-no-sign", "No Sign", "house-root", R"("basic": {"ca": true}, "usage": ["crl_sign"])");
  add(Code::client_certificate_issuer_key_usage, leaf("a-of-no-sign", "a-no-sign", {no_sign}), server());
  add(Code::client_certificate_bad_signature,
      leaf("a-forged", "house-issuing", {h.issuing}, Forge::with(Forge::kClient, R"("signed_by": "a-stranger")")),
      server());
  add(Code::client_certificate_weak_key,
      leaf("a-weak", "house-issuing", {h.issuing}, Forge::with(Forge::kClient, R"("key": "rsa1024")")), server());
  add(Code::client_certificate_weak_signature,
      leaf("a-sha1", "house-issuing", {h.issuing}, Forge::with(Forge::kClient, R"("hash": "sha1")")), server());
  const auto narrow = forge().certificate("a-narrow", "Narrow", "house-root",
                                          Forge::with(Forge::kCa, R"("permitted": ["dns:in.example"])"));
  add(Code::client_certificate_name_constraint,
      leaf("a-outside", "a-narrow", {narrow}, Forge::with(Forge::kClient, R"("names": ["dns:out.example"])")),
      server());
  add(Code::client_certificate_unknown_critical_extension,
      leaf("a-critical", "house-issuing", {h.issuing},
           Forge::with(Forge::kClient, R"("extensions": [{"oid": "1.2.3.4", "value": "0500", "critical": true}])")),
      server());
  const auto bare = forge().certificate("a-bare", "Bare", "", R"("basic": {"ca": true, "critical": false})");
  add(Code::client_certificate_strict_violation, leaf("a-of-bare", "a-bare", {}), server([&](JudgeOptions& options) {
        options.trust = trust({bare});
        options.path_check = x509::PathCheck::strict;
      }));
  add(Code::client_certificate_malformed,
      leaf("a-malformed", "house-issuing", {h.issuing}, Forge::with(Forge::kClient, R"("edit": "extension_twice")")),
      server());
  policy::AccessRules bob_only;
  bob_only.allow.rules.push_back(policy::Rule::make({{policy::RuleKey::cn, "bob"}}).value());
  const auto access = std::make_shared<const policy::AccessPolicy>(policy::AccessPolicy::make(bob_only, "t").value());
  add(Code::not_allowed_by_policy, h.alice(), server([&](JudgeOptions& options) { options.access = access; }));
  add(Code::client_certificate_missing, Holder{}, server());
  return out;
}

class Alerts : public ::testing::TestWithParam<int> {};

TEST_P(Alerts, AreThoseOfTheTable) {
  for (Case& one : certificate_cases()) {
    const CodeRow& expected = row(one.code);
    const Met met = meet(routes(std::move(one.server)),
                         {.holder = one.client.chain.empty() ? nullptr : &one.client, .version = GetParam()});
    ASSERT_FALSE(met.server.has_value()) << expected.name;
    EXPECT_EQ(name(met.server.error().code), expected.name) << met.server.error().words;
    // TLS 1.2 has no certificate_required.
    const bool older = GetParam() == TLS1_2_VERSION && one.code == Code::client_certificate_missing;
    EXPECT_EQ(met.client.alert, older ? SSL_AD_HANDSHAKE_FAILURE : expected.tls_alert) << expected.name;
    EXPECT_EQ(met.server.error().alert_sent, met.client.alert) << expected.name;
    EXPECT_EQ(met.client.answer, "") << expected.name;
    EXPECT_NE(met.server.error().possession, Possession::proven) << expected.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, Alerts, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

// 45 says "your certificate expired", 44 "revoked": no other fact may be told as one of them.
TEST(Alerts, ExpiryIsToldOfExpiryOnly) {
  const std::set<Code> expiry = {Code::client_certificate_expired, Code::server_certificate_expired};
  const std::set<Code> revoked = {Code::client_certificate_revoked, Code::server_certificate_revoked,
                                  Code::client_certificate_issuer_revoked, Code::server_certificate_issuer_revoked};
  for (const CodeRow& entry : code_table()) {
    EXPECT_EQ(entry.tls_alert == SSL_AD_CERTIFICATE_EXPIRED, expiry.contains(entry.code)) << entry.name;
    EXPECT_EQ(entry.tls_alert == SSL_AD_CERTIFICATE_REVOKED, revoked.contains(entry.code)) << entry.name;
  }
}

}  // namespace
}  // namespace symbolon::tls
