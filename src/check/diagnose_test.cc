// What is said of an observation: pure, with certificates that python3-cryptography made.
#include <gtest/gtest.h>

#include <algorithm>

#include <boost/json.hpp>
#include <set>

#include "check/client_diagnosis.h"
#include "check/report.h"
#include "x509/path_verification.h"
#include "x509/testing/forge.h"
#include "x509/trust_bundle.h"

namespace symbolon::check {
namespace {

using tls::ProbeEnd;
using x509::testing::Forge;
using x509::testing::forge;
using x509::testing::kNow;

struct House {
  x509::Certificate root = forge().ca("root", "Root");
  x509::Certificate issuing = forge().ca("issuing", "Issuing", "root");
  x509::Certificate other = forge().ca("other", "Other");
  x509::Certificate client = forge().client("client", "alice", "issuing");
  x509::Certificate server =
      forge().certificate("server", "server", "issuing", Forge::with(Forge::kServer, R"("names": ["dns:a.example"])"));
  x509::Certificate expired = dated("expired", -10, -1);
  x509::Certificate early = dated("early", 1, 10);
  x509::Certificate server_only = forge().certificate("server-only", "s", "issuing", Forge::kServer);

  static x509::Certificate dated(const char* id, std::int64_t begin, std::int64_t end) {
    return forge().certificate(
        id, id, "issuing",
        Forge::with(Forge::kClient, fmt::format(R"("not_before": {}, "not_after": {})", kNow.count + begin * 86400,
                                                kNow.count + end * 86400)));
  }
};

const House& house() {
  static const House house;
  return house;
}

// A server that asked for a certificate of Root, and what it got.
Observation meeting(std::vector<x509::Certificate> client_chain) {
  Observation seen;
  seen.endpoint = {net::Endpoint::Kind::name, "a.example", 443};
  seen.server_name = "a.example";
  seen.at = kNow;
  seen.tls.emplace();
  seen.tls->finished = true;
  seen.tls->version = "TLSv1.3";
  seen.tls->certificate_requested = true;
  seen.tls->certificate_sent = !client_chain.empty();
  seen.tls->ca_names = {house().root.subject()};
  seen.tls->first_octets = {22, 3, 3};
  seen.tls->server_chain = {house().server, house().issuing};
  seen.client_chain = std::move(client_chain);
  return seen;
}

Observation refused(std::vector<x509::Certificate> client_chain, int alert) {
  Observation seen = meeting(std::move(client_chain));
  seen.tls->end = ProbeEnd::alert;
  seen.tls->alert_received = tls::ProbeAlert{2, alert, true};
  return seen;
}

using Told = std::pair<Code, Certainty>;
Told first_of(const Report& report) {
  if (report.findings.empty()) return {Code::internal, Certainty::possible};
  return {report.findings[0].code, report.findings[0].certainty};
}
Told told(const Observation& seen) { return first_of(diagnose(seen)); }

TEST(Diagnose, AlertAndCertificateTogetherProveTheReason) {
  const auto& h = house();
  EXPECT_EQ(told(refused({h.expired, h.issuing}, 45)), Told(Code::client_certificate_expired, Certainty::proven));
  EXPECT_EQ(told(refused({h.server_only, h.issuing}, 43)),
            Told(Code::client_certificate_wrong_extended_key_usage, Certainty::proven));
  EXPECT_EQ(told(refused({h.client, h.issuing}, 44)), Told(Code::client_certificate_revoked, Certainty::proven));
  EXPECT_EQ(told(refused({}, 116)), Told(Code::client_certificate_missing, Certainty::proven));
}

TEST(Diagnose, WhatIsSeenToBeWrongWithTheCertificateIsProvenHoweverVagueTheAlert) {
  const auto& h = house();
  for (const int alert : {40, 42, 46, 49, 80}) {
    EXPECT_EQ(told(refused({h.expired, h.issuing}, alert)), Told(Code::client_certificate_expired, Certainty::proven));
    EXPECT_EQ(told(refused({h.early, h.issuing}, alert)),
              Told(Code::client_certificate_not_yet_valid, Certainty::proven));
    EXPECT_EQ(told(refused({h.server_only, h.issuing}, alert)),
              Told(Code::client_certificate_wrong_extended_key_usage, Certainty::proven));
    // A CA's own certificate: where the certificate is blamed, its issuer that the names leave out comes first.
    EXPECT_EQ(told(refused({h.other}, alert)).first, alert == 42 || alert == 46
                                                         ? Code::client_certificate_self_signed
                                                         : Code::client_certificate_wrong_key_usage);
  }
}

TEST(Diagnose, VagueAlertsLeaveTheReasonOpen) {
  for (const int alert : {40, 42, 46, 49, 80}) {
    const Report report = diagnose(refused({house().client, house().issuing}, alert));
    const Certainty sure = alert == 40 || alert == 80 ? Certainty::likely : Certainty::proven;
    EXPECT_EQ(first_of(report), Told(Code::client_certificate_refused, sure)) << alert;
    std::set<Code> behind;
    for (std::size_t i = 1; i < report.findings.size(); ++i) {
      EXPECT_EQ(report.findings[i].certainty, Certainty::possible);
      EXPECT_EQ(report.findings[i].severity(), Severity::info);
      behind.insert(report.findings[i].code);
    }
    std::set candidates{Code::client_certificate_revoked, Code::crl_stale, Code::not_allowed_by_policy};
    if (alert != 49) {  // access_denied: the certificate is valid
      candidates.insert({Code::client_certificate_untrusted_issuer, Code::client_certificate_depth_exceeded});
    }
    EXPECT_EQ(behind, candidates);
  }
}

TEST(Diagnose, AMissingCertificateIsTheReasonOfEveryAlertThatCanBeAboutOne) {
  for (const int alert : {40, 41, 42, 46, 48, 116}) {
    EXPECT_EQ(told(refused({}, alert)), Told(Code::client_certificate_missing, Certainty::proven)) << alert;
  }
  for (const int alert : {50, 80}) {
    EXPECT_EQ(told(refused({}, alert)), Told(Code::client_certificate_missing, Certainty::likely)) << alert;
  }
  EXPECT_EQ(told(refused({}, 70)).first, Code::alert_received);
}

TEST(Diagnose, AGoodCertificateThatIsCalledExpiredPointsToAStaleCrl) {
  const Told stale = told(refused({house().client, house().issuing}, 45));
  EXPECT_EQ(stale, Told(Code::crl_stale, Certainty::likely));
  EXPECT_EQ(diagnose(refused({house().client, house().issuing}, 45)).findings[0].side, Side::server);
}

TEST(Diagnose, AnUnknownIssuerIsProvenWhereServerAndNamesAgree) {
  const auto& h = house();
  const x509::Certificate foreign = forge().client("foreign", "foreign", "other");
  const auto certainty = [&](int alert) { return told(refused({foreign}, alert)); };
  for (const int alert : {48, 42, 46}) {
    EXPECT_EQ(certainty(alert), Told(Code::client_certificate_untrusted_issuer, Certainty::proven)) << alert;
  }
  for (const int alert : {49, 40, 80}) {
    EXPECT_EQ(certainty(alert), Told(Code::client_certificate_untrusted_issuer, Certainty::likely)) << alert;
  }
  EXPECT_EQ(told(refused({h.client, h.issuing}, 48)),
            Told(Code::client_certificate_untrusted_issuer, Certainty::likely));
}

TEST(Diagnose, AReasonThatTheServerNamesComesBeforeWhatIsWrongAsWell) {
  const auto& h = house();
  const Report unknown = diagnose(refused({h.other}, 48));  // self-signed, and a CA
  EXPECT_EQ(first_of(unknown), Told(Code::client_certificate_self_signed, Certainty::proven));
  EXPECT_EQ(unknown.findings.at(1).code, Code::client_certificate_wrong_key_usage);
  EXPECT_EQ(told(refused({h.server_only, h.issuing}, 45)), Told(Code::crl_stale, Certainty::likely));
  EXPECT_EQ(told(refused({h.early, h.issuing}, 45)).first, Code::client_certificate_not_yet_valid);
  EXPECT_EQ(told(refused({h.server_only, h.issuing}, 48)).first, Code::client_certificate_wrong_extended_key_usage)
      << "the names hold its issuer";
  Observation nameless = refused({h.other}, 48);
  nameless.tls->ca_names.clear();
  EXPECT_EQ(told(nameless), Told(Code::client_certificate_self_signed, Certainty::proven));
}

TEST(Diagnose, AnIntermediateThatTheServerNamesMayBeLeftOut) {
  const auto& h = house();
  Observation seen = meeting({h.client});
  seen.trust = "ca.pem";
  const auto trust = x509::TrustBundle::make({h.root}, kNow, "ca.pem");
  const x509::PathOptions options{.at = kNow, .role = PeerRole::client};
  seen.client_path = x509::verify_path({h.client}, *trust, options);
  seen.client_path_completed = *x509::verify_path({h.client, h.issuing}, *trust, options);
  seen.tls->end = ProbeEnd::silence;
  EXPECT_EQ(told(seen), Told(Code::client_certificate_incomplete_chain, Certainty::proven));
  EXPECT_EQ(diagnose(seen).exit_code(), kFound);
  seen.tls->ca_names.push_back(h.issuing.subject());
  EXPECT_EQ(told(seen), Told(Code::client_certificate_incomplete_chain, Certainty::proven));
  EXPECT_EQ(diagnose(seen).exit_code(), kSound);
  seen.tls->end = ProbeEnd::alert;
  seen.tls->alert_received = tls::ProbeAlert{2, 42, true};
  EXPECT_EQ(told(seen).first, Code::client_certificate_refused) << "that is not why";
}

TEST(Diagnose, AKeyThatCannotSignAsAskedIsProvenNotToFit) {
  Observation seen = refused({}, 116);
  seen.client_chain = {house().client, house().issuing};
  EXPECT_EQ(told(seen), Told(Code::no_shared_signature_algorithm, Certainty::likely));
  seen.tls->signature_algorithms = {"rsa_pss_rsae_sha256"};
  EXPECT_EQ(told(seen), Told(Code::no_shared_signature_algorithm, Certainty::proven));
}

TEST(Diagnose, CaNamesThatLeaveTheIssuerOutAreFoundAlsoWhereItIsLetIn) {
  Observation seen = meeting({forge().client("outside", "outside", "other")});
  seen.tls->end = ProbeEnd::data;
  seen.tls->application_data = "hello";
  EXPECT_EQ(told(seen), Told(Code::client_certificate_outside_ca_names, Certainty::proven));
  EXPECT_EQ(diagnose(seen).exit_code(), kFound);
  seen.client_chain = {house().client};  // its intermediate stands in the server's chain
  EXPECT_TRUE(diagnose(seen).findings.empty());
}

TEST(Diagnose, AKeyOfAnotherCertificateComesFirst) {
  Observation seen = refused({}, 116);
  seen.client_chain = {house().client, house().issuing};
  seen.client_problem = Error{Code::key_mismatch, "the key does not belong to it"};
  const Report report = diagnose(seen);
  EXPECT_EQ(first_of(report), Told(Code::key_mismatch, Certainty::proven));
  EXPECT_EQ(report.findings.size(), 1U);
}

TEST(Diagnose, OnlyAnAnswerToTheRequestProvesAcceptance) {
  Observation seen = meeting({house().client, house().issuing});
  seen.tls->end = ProbeEnd::silence;
  seen.tls->session_tickets = 2;  // these prove nothing
  EXPECT_EQ(diagnose(seen).outcome, Outcome::likely_accepted);
  EXPECT_EQ(diagnose(seen).exit_code(), 0);
  seen.tls->end = ProbeEnd::data;
  for (const char* unasked : {"* OK ready\r\n", "\x00\x00\x12\x04", "HTTP/1.1 200 OK\r\n\r\n"}) {
    seen.tls->application_data = unasked;
    EXPECT_EQ(diagnose(seen).outcome, Outcome::likely_accepted) << unasked;
  }
  seen.asked_http = true;
  EXPECT_EQ(diagnose(seen).outcome, Outcome::accepted);
  seen.tls->application_data = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
  EXPECT_EQ(diagnose(seen).outcome, Outcome::accepted);
  EXPECT_NE(diagnose(seen).summary.find("502"), std::string::npos);
  seen.tls->application_data = "* OK ready\r\n* BAD\r\n";
  EXPECT_EQ(diagnose(seen).outcome, Outcome::likely_accepted);
}

TEST(Diagnose, ServersThatRefuseInHttpDoSoByMoreThanOneStatus) {
  for (const int status : {400, 401, 403, 421, 495, 496}) {
    for (const auto& chain : {std::vector<x509::Certificate>{}, {house().client, house().issuing}}) {
      Observation seen = meeting(chain);
      seen.asked_http = true;
      seen.tls->end = ProbeEnd::data;
      seen.tls->application_data = fmt::format("HTTP/1.1 {} No\r\n\r\n", status);
      EXPECT_EQ(diagnose(seen).outcome, Outcome::refused) << status;
      EXPECT_EQ(diagnose(seen).exit_code(), kFound) << status;
    }
  }
}

TEST(Diagnose, AServerThatAsksForNothingIsNotMutual) {
  Observation seen = meeting({});
  seen.tls->certificate_requested = false;
  seen.tls->end = ProbeEnd::data;
  seen.tls->application_data = "hello";
  EXPECT_EQ(diagnose(seen).outcome, Outcome::open);
  EXPECT_EQ(told(seen).first, Code::client_certificate_not_requested);
}

TEST(Diagnose, NginxRefusesInHttp) {
  Observation seen = meeting({});
  seen.asked_http = true;
  seen.tls->end = ProbeEnd::data;
  seen.tls->application_data = "HTTP/1.1 400 Bad Request\r\n\r\n<center>No required SSL certificate was sent</center>";
  EXPECT_EQ(diagnose(seen).outcome, Outcome::refused);
  EXPECT_EQ(told(seen), Told(Code::client_certificate_missing, Certainty::proven));
  seen = meeting({house().expired, house().issuing});
  seen.asked_http = true;
  seen.tls->end = ProbeEnd::data;
  seen.tls->application_data = "HTTP/1.1 400 Bad Request\r\n\r\n<center>The SSL certificate error</center>";
  EXPECT_EQ(told(seen), Told(Code::client_certificate_expired, Certainty::proven));
}

TEST(Diagnose, AForbiddenAnswerIsALikelyRule) {
  Observation seen = meeting({house().client, house().issuing});
  seen.asked_http = true;
  seen.tls->end = ProbeEnd::data;
  seen.tls->application_data = "HTTP/1.1 403 Forbidden\r\n\r\n";
  EXPECT_EQ(told(seen), Told(Code::not_allowed_by_policy, Certainty::likely));
  EXPECT_EQ(diagnose(seen).outcome, Outcome::refused);
}

TEST(Diagnose, HangingUpAfterTheRequestBlamesTheCertificateWithoutProof) {
  Observation seen = meeting({});
  seen.tls->end = ProbeEnd::reset;
  EXPECT_EQ(told(seen), Told(Code::client_certificate_missing, Certainty::likely));
  seen = meeting({house().client, house().issuing});
  seen.tls->end = ProbeEnd::cut;
  EXPECT_EQ(told(seen), Told(Code::client_certificate_refused, Certainty::likely));
  seen.tls->end = ProbeEnd::closed;  // nginx (stream): with close_notify
  const Report report = diagnose(seen);
  EXPECT_EQ(first_of(report), Told(Code::client_certificate_refused, Certainty::likely));
  const auto away = std::ranges::find(report.findings, Code::backend_unreachable, &Finding::code);
  ASSERT_NE(away, report.findings.end()) << "it may be no refusal at all";
  EXPECT_EQ(away->certainty, Certainty::possible);
  Attempt again{AttemptKind::tls12};
  again.tls.version = "TLSv1.2";
  again.tls.certificate_sent = true;
  again.tls.end = ProbeEnd::alert;
  again.tls.alert_received = tls::ProbeAlert{2, 44, false};
  seen.further = {again};
  EXPECT_EQ(told(seen), Told(Code::client_certificate_revoked, Certainty::proven));
}

TEST(Diagnose, AlertsBeforeTheServersHelloAreAboutOurs) {
  Observation seen = meeting({});
  seen.tls->finished = false;
  seen.tls->version.clear();
  seen.tls->certificate_requested = false;
  seen.tls->server_chain.clear();
  seen.tls->end = ProbeEnd::alert;
  const auto with = [&](int alert) {
    seen.tls->alert_received = tls::ProbeAlert{2, alert, false};
    return told(seen);
  };
  EXPECT_EQ(with(70), Told(Code::protocol_version, Certainty::proven));
  EXPECT_EQ(with(40), Told(Code::no_shared_cipher, Certainty::likely));
  EXPECT_EQ(with(112), Told(Code::unrecognized_name, Certainty::proven));
  EXPECT_EQ(with(80), Told(Code::alert_received, Certainty::proven));
}

TEST(Diagnose, WhatIsNotReachedHasAnExitStatusOfItsOwn) {
  Observation seen;
  seen.endpoint = {net::Endpoint::Kind::name, "a.example", 443};
  seen.unreachable = Error{Code::connection_refused, "refused"};
  EXPECT_EQ(diagnose(seen).outcome, Outcome::unreachable);
  EXPECT_EQ(told(seen).first, Code::connection_refused);
  EXPECT_EQ(diagnose(seen).exit_code(), kUnreachable);
}

TEST(Diagnose, TheServersChainIsJudgedBesideTheHandshake) {
  Observation seen = meeting({house().client, house().issuing});
  seen.tls->end = ProbeEnd::data;
  seen.asked_http = true;
  seen.tls->application_data = "HTTP/1.1 200 OK\r\n\r\n";
  x509::PathFailure failure;
  failure.code = Code::server_certificate_expired;
  seen.trust = "ca.pem";
  seen.server_path = std::unexpected(failure);
  const Report report = diagnose(seen);
  EXPECT_EQ(report.outcome, Outcome::accepted);
  EXPECT_EQ(first_of(report), Told(Code::server_certificate_expired, Certainty::proven));
  EXPECT_EQ(report.exit_code(), kFound);
}

TEST(Diagnose, EveryAlertAndEveryEndHasAFindingOrAnOutcome) {
  for (int alert = 1; alert < 256; ++alert) {
    if (alert == 90) continue;
    EXPECT_FALSE(diagnose(refused({house().client, house().issuing}, alert)).findings.empty()) << alert;
    EXPECT_FALSE(diagnose(refused({}, alert)).findings.empty()) << alert;
  }
  for (int end = 0; end <= static_cast<int>(ProbeEnd::failed); ++end) {
    for (const bool finished : {false, true}) {
      Observation seen = refused({}, 40);
      seen.tls->end = static_cast<ProbeEnd>(end);
      seen.tls->finished = finished;
      const Report report = diagnose(seen);
      EXPECT_FALSE(report.summary.empty()) << end;
      EXPECT_TRUE(finished || report.exit_code() != 0) << end;
    }
  }
}

TEST(CaNames, AnEmptyListTakesEverythingAndIntermediatesCount) {
  const auto& h = house();
  EXPECT_TRUE(fits_ca_names({h.client}, {}));
  EXPECT_FALSE(fits_ca_names({h.client}, {h.root.subject()}));
  EXPECT_TRUE(fits_ca_names({h.client, h.issuing}, {h.root.subject()}));
  EXPECT_FALSE(fits_ca_names({h.client, h.issuing}, {h.other.subject()}));
}

TEST(Report, TextShowsBothChainsAndTheRemedy) {
  const Observation vague = refused({house().client, house().issuing}, 46);
  EXPECT_NE(to_text(vague, diagnose(vague)).find("perhaps the certificate was revoked"), std::string::npos);
  const Observation seen = refused({house().expired, house().issuing}, 45);
  const std::string text = to_text(seen, diagnose(seen));
  for (const char* part : {"CN=server", "CN=expired", "dns:a.example", "certificate_expired (45)",
                           "client_certificate_expired (proven, client)", "-> renew it"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(Report, JsonIsOneObjectWithCodesAndFacts) {
  const Observation seen = refused({house().expired, house().issuing}, 45);
  const auto json = boost::json::parse(to_json(seen, diagnose(seen)));
  EXPECT_EQ(json.at("outcome").as_string(), "refused");
  EXPECT_EQ(json.at("exit").as_int64(), 1);
  EXPECT_EQ(json.at("findings").at(0).at("code").as_string(), "client_certificate_expired");
  EXPECT_EQ(json.at("findings").at(0).at("severity").as_string(), "error");
  EXPECT_EQ(json.at("tls").at("alert_received").at("name").as_string(), "certificate_expired");
  EXPECT_EQ(json.at("client_chain").as_array().size(), 2U);
  EXPECT_EQ(json.at("client_chain").at(0).at("fingerprint").as_string(), house().expired.fingerprint().hex());
}

}  // namespace
}  // namespace symbolon::check
