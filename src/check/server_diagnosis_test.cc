// What is said of the server's own side: pure, with certificates that python3-cryptography made.
#include "check/server_diagnosis.h"

#include <gtest/gtest.h>

#include "check/chain_facts.h"
#include "x509/fetch_places.h"
#include "x509/testing/forge.h"
#include "x509/trust_bundle.h"

namespace symbolon::check {
namespace {

using x509::Certificate;
using x509::testing::Forge;
using x509::testing::forge;
using x509::testing::kNow;
using Codes = std::vector<Code>;

std::string tlv(unsigned char tag, const std::string& content) {
  return fmt::format("{:02x}{:02x}{}", tag, content.size() / 2, content);
}

std::string extension(std::string_view oid, const std::string& value) {
  return fmt::format(R"("extensions": [{{"oid": "{}", "critical": false, "value": "{}"}}])", oid, value);
}

struct House {
  Certificate root = forge().ca("sd-root", "SdRoot");
  Certificate issuing = forge().ca("sd-issuing", "SdIssuing", "sd-root");
  Certificate server = leaf("sd-server", {});

  static Certificate leaf(const char* id, const std::string& more) {
    const std::string names = R"("names": ["dns:a.example"])";
    return forge().certificate(id, id, "sd-issuing",
                               Forge::with(Forge::kServer, more.empty() ? names : names + ", " + more));
  }
  static std::string dates(std::int64_t begin, std::int64_t end) {
    return fmt::format(R"("not_before": {}, "not_after": {})", kNow.count + begin * 86400, kNow.count + end * 86400);
  }
};

const House& house() {
  static const House house;
  return house;
}

PathVerdict verdict(const std::vector<Certificate>& chain) {
  const auto trust = x509::TrustBundle::make({house().root}, kNow, "ca.pem");
  return x509::verify_path(chain, *trust, {.at = kNow, .role = PeerRole::server});
}

Observation showing(std::vector<Certificate> chain) {
  Observation seen;
  seen.at = kNow;
  seen.trust = "ca.pem";
  seen.server_path = verdict(chain);
  seen.tls.emplace();
  seen.tls->finished = true;
  seen.tls->version = "TLSv1.2";
  seen.tls->cipher = "ECDHE-ECDSA-AES128-GCM-SHA256";
  seen.tls->secure_renegotiation = true;
  seen.tls->server_chain = std::move(chain);
  return seen;
}

Codes codes(const std::vector<Finding>& findings) {
  Codes out;
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.certainty, Certainty::proven);
    EXPECT_FALSE(finding.words.empty());
    out.push_back(finding.code);
  }
  return out;
}

TEST(ServerChain, IsSoundAsItShouldBe) {
  const Observation seen = showing({house().server, house().issuing});
  EXPECT_EQ(codes(judge_server_chain(seen)), Codes{});
  EXPECT_EQ(codes(judge_choices(seen)), Codes{});
  EXPECT_EQ(codes(judge_surroundings(seen)), Codes{});
}

TEST(ServerChain, OrderIsThatOfCertifying) {
  const auto& h = house();
  EXPECT_EQ(codes(judge_server_chain(showing({h.server, h.root, h.issuing}))),
            Codes{Code::server_certificate_chain_order});
  EXPECT_FALSE(order_problem({h.server, h.issuing, h.root}));
  EXPECT_FALSE(order_problem({h.server, h.issuing, h.root, forge().ca("sd-surplus", "Surplus")}));
  EXPECT_TRUE(order_problem({h.issuing, h.server, h.root}));
  EXPECT_FALSE(order_problem({h.server, h.server, h.issuing}));
  EXPECT_FALSE(order_problem({h.server}));
  EXPECT_FALSE(order_problem({}));
}

TEST(ServerChain, IsIncompleteWhereTheClientsCompletesIt) {
  const auto& h = house();
  Observation seen = showing({h.server});
  EXPECT_EQ(codes(judge_server_chain(seen)), Codes{Code::server_certificate_untrusted_issuer});
  seen.server_path_completed = *verdict({h.server, h.issuing});
  const auto findings = judge_server_chain(seen);
  ASSERT_EQ(codes(findings), Codes{Code::server_certificate_incomplete_chain});
  EXPECT_NE(findings[0].words.find("CN=SdIssuing"), std::string::npos) << findings[0].words;
}

TEST(ServerChain, WhatIsWrongIsFoundWithoutATrustedCaToo) {
  Observation seen = showing({House::leaf("sd-old", House::dates(-90, -1)), house().issuing});
  EXPECT_EQ(codes(judge_server_chain(seen)), Codes{Code::server_certificate_expired});
  seen.server_path.reset();
  EXPECT_EQ(codes(judge_server_chain(seen)), Codes{Code::server_certificate_expired});
}

TEST(ServerChain, EndsSoonInTheLastTenthOfItsLife) {
  const auto at = [](std::int64_t begin, std::int64_t end) {
    return codes(judge_server_chain(showing({House::leaf("sd-soon", House::dates(begin, end)), house().issuing})));
  };
  EXPECT_EQ(at(-95, 4), Codes{Code::server_certificate_expires_soon});
  EXPECT_EQ(at(-80, 20), Codes{});
  EXPECT_EQ(at(-1, 2), Codes{});  // short-lived
  EXPECT_EQ(severity_of(Code::server_certificate_expires_soon), Severity::warning);
}

TEST(Choices, OfTheSuite) {
  Observation seen = showing({house().server, house().issuing});
  for (const char* cipher : {"AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"}) {
    seen.tls->cipher = cipher;
    EXPECT_EQ(codes(judge_choices(seen)), Codes{Code::weak_cipher}) << cipher;
  }
  seen.tls->cipher = "TLS_CHACHA20_POLY1305_SHA256";
  EXPECT_EQ(codes(judge_choices(seen)), Codes{});
  seen = showing({House::leaf("sd-rsa", R"("key": "rsa2048")"), house().issuing});
  seen.tls->cipher = "AES128-GCM-SHA256";
  EXPECT_EQ(codes(judge_choices(seen)), (Codes{Code::weak_cipher, Code::server_key_usage_for_nss}));
  EXPECT_EQ(judge_choices(seen).back().severity(), Severity::warning);
  seen.tls->cipher = "TLS_AES_128_GCM_SHA256";  // the key signs, and nothing is encrypted to it
  EXPECT_EQ(codes(judge_choices(seen)), Codes{Code::server_key_usage_for_nss});
  EXPECT_EQ(judge_choices(seen).back().severity(), Severity::info);
}

TEST(Choices, OfTheProtocolAndOfRenegotiation) {
  Observation seen = showing({house().server, house().issuing});
  seen.protocols = {"h2"};
  EXPECT_EQ(codes(judge_choices(seen)), Codes{Code::no_application_protocol});
  seen.tls->application_protocol = "h2";
  EXPECT_EQ(codes(judge_choices(seen)), Codes{});
  seen.tls->secure_renegotiation = false;
  EXPECT_EQ(codes(judge_choices(seen)), Codes{Code::insecure_renegotiation});
  seen.tls->secure_renegotiation.reset();  // TLS 1.3
  EXPECT_EQ(codes(judge_choices(seen)), Codes{});
}

TEST(Choices, OfTheGroupWhereAPostQuantumOneWasOffered) {
  Observation seen = showing({house().server, house().issuing});
  seen.tls->post_quantum_offered = true;
  seen.tls->group = "x25519";
  EXPECT_EQ(codes(judge_choices(seen)), Codes{Code::no_post_quantum_group});
  seen.tls->group = "X25519MLKEM768";
  EXPECT_EQ(codes(judge_choices(seen)), Codes{});
}

TEST(Choices, OfTheStaple) {
  const auto named = [](const char* id, const std::string& more) { return House::leaf(id, more); };
  const std::string url = tlv(0x86, to_hex(as_bytes("http://ocsp.example/")));
  const std::string aia = tlv(0x30, tlv(0x30, "06082b06010505073001" + url));
  const Certificate with_url = named("sd-ocsp", extension("1.3.6.1.5.5.7.1.1", aia));
  EXPECT_EQ(codes(judge_choices(showing({with_url, house().issuing}))), Codes{Code::staple_not_sent});
  EXPECT_EQ(severity_of(Code::staple_not_sent), Severity::info);
  const Certificate must = named("sd-must", extension("1.3.6.1.5.5.7.1.24", "3003020105"));
  EXPECT_EQ(codes(judge_choices(showing({must, house().issuing}))), Codes{Code::staple_required});
  Observation seen = showing({must, house().issuing});
  seen.tls->staple = Bytes{0x30, 0x03, 0x0a, 0x01, 0x06};  // unauthorized
  EXPECT_EQ(codes(judge_choices(seen)), Codes{Code::ocsp_refused});
  seen.tls->staple = Bytes{1, 2, 3};
  EXPECT_EQ(codes(judge_choices(seen)), Codes{Code::ocsp_malformed});
}

TEST(Choices, OfTooManyCaNames) {
  Observation seen = showing({house().server, house().issuing});
  for (int i = 0; i < 400; ++i) {
    seen.tls->ca_names.push_back(
        *x509::DistinguishedName::parse(fmt::format("CN=a name that is long {:04}.example.com,O=Example", i)));
  }
  EXPECT_EQ(codes(judge_choices(seen)), Codes{Code::ca_names_near_limit});
  seen.tls->ca_names.resize(10);
  EXPECT_EQ(codes(judge_choices(seen)), Codes{});
}

TEST(Surroundings, TheClockOfTheServer) {
  Observation seen = showing({house().server, house().issuing});
  seen.tls->application_data = "HTTP/1.1 200 OK\r\nDate: Fri, 15 Jan 2027 08:04:00 GMT\r\n\r\n";
  EXPECT_TRUE(judge_surroundings(seen).empty());
  for (const char* date : {"Fri, 15 Jan 2027 07:00:00 GMT", "Fri, 15 Jan 2027 09:00:00 GMT"}) {
    seen.tls->application_data = fmt::format("HTTP/1.1 200 OK\r\nDate: {}\r\n\r\n", date);
    const auto findings = judge_surroundings(seen);
    ASSERT_EQ(findings.size(), 1U) << date;
    EXPECT_EQ(findings[0].code, Code::clock_skew);
    EXPECT_EQ(findings[0].certainty, Certainty::likely);
  }
}

TEST(Surroundings, WhatCannotBeFetched) {
  Observation seen = showing({house().server, house().issuing});
  const Error gone{Code::connection_refused, "refused"};
  seen.fetched = {{Fetched::What::crl, "http://a/", "CN=x", gone},
                  {Fetched::What::issuer, "http://b/", "CN=x", gone},
                  {Fetched::What::ocsp, "http://c/", "CN=x", {}}};
  EXPECT_EQ(codes(judge_surroundings(seen)), (Codes{Code::crl_unreachable, Code::issuer_unreachable}));
}

TEST(FetchPlaces, AreTheHttpUrlsOfACertificate) {
  (void)house();
  const auto point = [](std::string_view url) {
    return tlv(0x30, tlv(0xa0, tlv(0xa0, tlv(0x86, to_hex(as_bytes(url))))));
  };
  const Certificate cdp = House::leaf(
      "sd-cdp", extension("2.5.29.31", tlv(0x30, point("http://a/1.crl") + point("ldap://b/") + point("http://c/2"))));
  EXPECT_EQ(x509::crl_urls(cdp), (std::vector<std::string>{"http://a/1.crl", "http://c/2"}));
  const std::string url = tlv(0x86, to_hex(as_bytes("http://ca/issuer.crt")));
  const Certificate aia =
      House::leaf("sd-aia", extension("1.3.6.1.5.5.7.1.1", tlv(0x30, tlv(0x30, "06082b06010505073002" + url))));
  EXPECT_EQ(x509::issuer_urls(aia), std::vector<std::string>{"http://ca/issuer.crt"});
  EXPECT_TRUE(x509::crl_urls(aia).empty());
  EXPECT_TRUE(x509::issuer_urls(House::leaf("sd-bad", extension("1.3.6.1.5.5.7.1.1", "0500"))).empty());
}

}  // namespace
}  // namespace symbolon::check
