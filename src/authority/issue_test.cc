// What each profile issues, judged by the openssl command line, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authority/apply_profile.h"
#include "authority/testing.h"
#include "x509/testing/forge.h"

namespace symbolon::authority {
namespace {

using testing::code_of;
using ::testing::HasSubstr;
using testing::Home;
using testing::kNow;
using testing::must;
using ::testing::Not;

TEST(Issue, EveryBuiltinProfileMakesWhatOpensslAccepts) {
  Home home;
  struct Case {
    const char* profile;
    std::vector<std::string> names;
    std::vector<const char*> purposes;
    const char* subject;
  };
  const Case cases[] = {
      {"server", {"web.example", "192.0.2.1"}, {"sslserver"}, "Subject: O=Example Corp, CN=web.example"},
      {"client", {"billing"}, {"sslclient"}, "Subject: O=Example Corp, CN=billing"},
      {"client", {"billing.example"}, {"sslclient"}, "DNS:billing.example"},
      {"person", {"Ann Lee", "ann@example.com"}, {"sslclient"}, "Subject: O=Example Corp, CN=Ann Lee"},
      {"device", {"pump-17"}, {"sslclient"}, "Subject: O=Example Corp, CN=pump-17"},
      {"workload", {"spiffe://example.com/pay"}, {"sslclient", "sslserver"}, "URI:spiffe://example.com/pay"},
      {"gateway", {"edge.example"}, {"sslclient", "sslserver"}, "Subject: O=Example Corp, CN=edge.example"},
      {"admin", {"ops@example.com"}, {"sslclient"}, "Subject: O=Example Corp, CN=ops@example.com"},
      {"ocsp", {"responder"}, {}, "OCSP No Check"},
  };
  for (const Case& one : cases) {
    const auto answer = home.issue(one.profile, one.names);
    ASSERT_TRUE(answer) << one.profile << ": " << answer.error().text();
    for (const char* const purpose : one.purposes) home.verify(*answer, purpose);
    home.verify(*answer, "");
    EXPECT_THAT(home.text(*answer), HasSubstr(one.subject)) << one.profile;
    const auto leaf = x509::Certificate::from_pem(answer->certificate);
    ASSERT_TRUE(leaf);
    EXPECT_EQ(leaf->front().profile(), one.profile);
    EXPECT_EQ(leaf->front().validity().not_before, kNow - kMinute * 5);
    EXPECT_EQ(answer->summary.serial, leaf->front().serial().hex());
  }
}

TEST(Issue, AWorkloadHasNoSubjectAndCriticalNames) {
  Home home;
  const auto answer = home.issue("workload", {"spiffe://example.com/pay"});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_THAT(home.text(*answer), HasSubstr("X509v3 Subject Alternative Name: critical"));
}

TEST(Issue, TakesEveryKindOfKey) {
  Home home;
  for (const char* const kind : {"ec -pkeyopt ec_paramgen_curve:P-384", "ed25519", "rsa:2048"}) {
    const auto answer = home.issue("server", {"web.example"}, home.request("-subj /", kind));
    ASSERT_TRUE(answer) << kind << ": " << answer.error().text();
    home.verify(*answer, "sslserver");
  }
}

TEST(Issue, RefusesWeakAndUnlistedKeys) {
  Home home;
  const auto with_key = [&](const char* profile, const char* kind) {
    return code_of(home.issue(profile, {"x@example.com"}, home.request("-subj /", kind)));
  };
  EXPECT_EQ(with_key("client", "rsa:1024"), Code::key_weak);
  EXPECT_EQ(with_key("client", "ec -pkeyopt ec_paramgen_curve:P-192"), Code::key_weak);
  EXPECT_EQ(with_key("client", "ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit"), Code::key_weak);
  EXPECT_EQ(with_key("client", "rsa:2048 -pkeyopt rsa_keygen_pubexp:3"), Code::key_weak);
  EXPECT_EQ(with_key("client", "ec -pkeyopt ec_paramgen_curve:P-521"), Code::key_type_not_allowed);
  EXPECT_EQ(with_key("person", "ed25519"), Code::key_type_not_allowed);
}

TEST(Issue, RefusesNamesThatTheProfileDoesNotAllow) {
  Home home;
  EXPECT_EQ(code_of(home.issue("server", {"ops@example.com"})), Code::name_not_allowed);
  EXPECT_EQ(code_of(home.issue("person", {"Ann", "https://ann.example/"})), Code::name_not_allowed);
  EXPECT_EQ(code_of(home.issue("workload", {"https://example.com/pay"})), Code::name_not_allowed);
  EXPECT_EQ(code_of(home.issue("workload", {"spiffe://example.com/a", "spiffe://example.com/b"})),
            Code::name_not_allowed);
  EXPECT_EQ(code_of(home.issue("workload", {"cn:pay", "spiffe://example.com/a"})), Code::name_not_allowed);
  EXPECT_EQ(code_of(home.issue("server", {"cn:other.example", "web.example"})), Code::name_not_allowed);
}

TEST(Issue, RefusesNamesThatAreNone) {
  Home home;
  for (const char* const bad : {"web_1.example", "web..example", "-web.example", "dns:192.0.2.1", "*.*.example", "*",
                                "spiffe://Example.com/x", "a@b@c", "ip:300.0.0.1"}) {
    EXPECT_EQ(code_of(home.issue("gateway", {bad})), Code::name_malformed) << bad;
  }
  EXPECT_EQ(code_of(home.issue("client", {std::string("a\0b", 3)})), Code::name_malformed);
  EXPECT_EQ(code_of(home.issue("client", {std::string(65, 'x')})), Code::name_malformed);
  EXPECT_EQ(code_of(home.issue("client", {"a", "b"})), Code::bad_request);
}

TEST(Issue, NeedsAName) {
  Home home;
  EXPECT_EQ(code_of(home.issue("server", {})), Code::name_missing);
  EXPECT_EQ(code_of(home.issue("client", {})), Code::name_missing);
  EXPECT_EQ(code_of(home.issue("person", {"Ann"})), Code::name_missing);
  EXPECT_EQ(code_of(home.issue("workload", {"dns:pay.example"})), Code::name_missing);
  EXPECT_EQ(code_of(home.issue("nothing", {"x"})), Code::profile_unknown);
}

TEST(Issue, TakesFromARequestOnlyWhatTheProfileLists) {
  Home home;
  const auto names =
      home.issue("server", {}, home.request("-subj /O=Evil/CN=web.example -addext subjectAltName=DNS:web.example"));
  ASSERT_TRUE(names) << names.error().text();
  EXPECT_THAT(home.text(*names), HasSubstr("Subject: O=Example Corp, CN=web.example"));
  const auto promoted = home.issue("server", {}, home.request("-subj /CN=old.example"));
  ASSERT_TRUE(promoted) << promoted.error().text();
  EXPECT_THAT(home.text(*promoted), HasSubstr("DNS:old.example"));
  const auto replaced =
      home.issue("server", {"new.example"}, home.request("-subj / -addext subjectAltName=DNS:web.example"));
  ASSERT_TRUE(replaced) << replaced.error().text();
  EXPECT_THAT(home.text(*replaced), Not(HasSubstr("web.example")));
  // The admin profile takes nothing at all.
  EXPECT_EQ(code_of(home.issue("admin", {}, home.request("-subj /CN=root -addext subjectAltName=email:a@b.example"))),
            Code::extension_not_allowed);
  EXPECT_EQ(code_of(home.issue("admin", {}, home.request("-subj /CN=root"))), Code::name_missing);
}

TEST(Issue, RefusesExtensionsThatTheProfileDoesNotGive) {
  Home home;
  const auto with = [&](const char* extension) {
    return code_of(home.issue("client", {"x"}, home.request(fmt::format("-subj / -addext '{}'", extension))));
  };
  EXPECT_EQ(with("basicConstraints=critical,CA:TRUE"), Code::extension_not_allowed);
  EXPECT_EQ(with("keyUsage=keyCertSign"), Code::extension_not_allowed);
  EXPECT_EQ(with("extendedKeyUsage=serverAuth"), Code::extension_not_allowed);
  EXPECT_EQ(with("nameConstraints=permitted;DNS:example"), Code::extension_not_allowed);
  EXPECT_EQ(with("1.2.3.4=DER:0500"), Code::extension_not_allowed);
  EXPECT_EQ(with("tlsfeature=status_request"), Code::extension_not_allowed);
  EXPECT_EQ(with("basicConstraints=CA:FALSE"), Code::usage);
  EXPECT_EQ(with("extendedKeyUsage=clientAuth"), Code::usage);
  EXPECT_EQ(with("keyUsage=digitalSignature,keyEncipherment"), Code::usage);
}

TEST(Issue, RefusesARequestThatIsNotItsKeys) {
  Home home;
  const auto request = x509::CertificateRequest::from_file_content(home.request("-subj /CN=pump"));
  ASSERT_TRUE(request);
  Bytes changed = to_bytes(request->der());
  changed.back() ^= 1U;
  const std::string pem = x509::encode_pem("CERTIFICATE REQUEST", changed);
  EXPECT_EQ(code_of(home.issue("client", {"x"}, pem)), Code::request_bad_signature);
  EXPECT_EQ(code_of(home.issue("client", {"x"}, "nonsense")), Code::request_malformed);
}

TEST(Issue, ALifetimeStaysWithinTheProfileAndTheIssuer) {
  Home home;
  const auto with = [&](std::optional<Seconds> lifetime) {
    return home.issue("server", {"web.example"}, home.request(), {.lifetime = lifetime});
  };
  const auto a_week = with(kDay * 7);
  ASSERT_TRUE(a_week);
  EXPECT_EQ(a_week->summary.not_after, kNow + kDay * 7);
  EXPECT_EQ(code_of(with(kDay * 826)), Code::lifetime_not_allowed);
  EXPECT_EQ(code_of(with(Seconds{0})), Code::lifetime_not_allowed);
  EXPECT_EQ(code_of(with(Seconds{-5})), Code::lifetime_not_allowed);

  // Thirty days before the CA's end: the default is cut, what was asked for is refused.
  const UnixSeconds end = kNow + kIssuingLifetime;
  home.clock.set(end - kDay * 30);
  const auto cut = with(std::nullopt);
  ASSERT_TRUE(cut) << cut.error().text();
  EXPECT_EQ(cut->summary.not_after, end);
  EXPECT_EQ(code_of(with(kDay * 31)), Code::issuer_life_too_short);
  EXPECT_EQ(code_of(with(kDay * 30)), Code::usage);
  home.clock.set(end + Seconds{1});
  EXPECT_EQ(code_of(with(kDay)), Code::ca_expired);
}

TEST(Issue, StaysWithinTheCasNameConstraints) {
  InitOptions options;
  options.name_constraints.permitted = {*x509::NameSubtree::parse("dns:example.com")};
  Home home(std::move(options));
  const auto inside = home.issue("server", {"web.example.com"});
  ASSERT_TRUE(inside) << inside.error().text();
  home.verify(*inside, "sslserver");
  EXPECT_EQ(code_of(home.issue("server", {"web.example.org"})), Code::lint_outside_issuer_constraints);
}

TEST(Issue, NoRevAvailComesFromTheConfiguration) {
  Home home;
  ProfileConfig config;
  config.base = "workload";
  config.no_rev_avail = true;
  home.open({{"short", config}});
  const auto answer = home.issue("short", {"spiffe://example.com/pay"});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_THAT(home.text(*answer), HasSubstr("X509v3 No Revocation Available: \n"));
}

TEST(Issue, NamesTheOcspResponderUnlessTheProfileDoesNotWantIt) {
  constexpr const char* kUrl = "http://ocsp.example:8470/at";
  Home home;
  ProfileConfig without;
  without.base = "client";
  without.ocsp = false;
  ProfileConfig never_asked;
  never_asked.base = "client";
  never_asked.no_rev_avail = true;
  home.open_with({.profiles = {{"without", without}, {"never-asked", never_asked}}, .issuance = {.ocsp_url = kUrl}});
  for (const auto& [profile, name] :
       {std::pair{"server", "web.example"}, std::pair{"workload", "spiffe://a.example/b"}, std::pair{"without", "a"},
        std::pair{"never-asked", "a"}, std::pair{"ocsp", "a"}}) {
    const auto answer = home.issue(profile, {name});
    ASSERT_TRUE(answer) << profile << ": " << answer.error().text();
    home.verify(*answer, "");
    const bool names_it = std::string_view(profile) == "server" || std::string_view(profile) == "workload";
    const std::string leaf = home.folder.put("leaf", answer->certificate);
    EXPECT_EQ(must("openssl x509 -noout -ocsp_uri -in " + leaf), names_it ? fmt::format("{}\n", kUrl) : "") << profile;
    const auto urls = x509::Certificate::from_pem(answer->certificate)->front().ocsp_urls();
    EXPECT_EQ(urls, names_it ? std::vector<std::string>{kUrl} : std::vector<std::string>()) << profile;
  }
  home.open();
  EXPECT_THAT(home.text(*home.issue("server", {"web.example"})), Not(HasSubstr("Authority Information Access")));
}

TEST(Issue, ADeltaCrlIsNamedBesideTheFullOneAlone) {
  Home home;
  ProfileConfig without;
  without.base = "client";
  without.crl = false;
  ProfileConfig sharded;
  sharded.base = "client";
  sharded.crl_shards = 4;
  const std::map<std::string, ProfileConfig> profiles{{"without", without}, {"sharded", sharded}};
  home.open_with({.profiles = profiles, .issuance = {.crls = {.url = "http://crl.example", .delta = true}}});
  const auto text = [&](const char* profile) {
    const auto answer = home.issue(profile, {"a.example"});
    EXPECT_TRUE(answer) << profile << ": " << answer.error().text();
    home.verify(*answer, "");
    return home.text(*answer);
  };
  EXPECT_THAT(text("server"), HasSubstr("X509v3 Freshest CRL: \n                Full Name:\n                  "
                                        "URI:http://crl.example/issuing/delta.crl\n"));
  EXPECT_THAT(text("sharded"), HasSubstr("URI:http://crl.example/issuing/4-"));
  for (const char* const profile : {"sharded", "without", "ocsp"}) {
    EXPECT_THAT(text(profile), Not(HasSubstr("Freshest CRL"))) << profile;
  }
  home.open_with({.profiles = profiles, .issuance = {.crls = {.url = "http://crl.example"}}});
  EXPECT_THAT(text("server"), Not(HasSubstr("Freshest CRL")));
}

// RFC 6960 §4.2.2.2: no responder could have a certificate that anybody takes.
TEST(Issue, ACaThatMayNotCertifyAResponderNamesNone) {
  x509::testing::Forge& forge = x509::testing::forge();
  const Profile profile = builtin_profiles("").at("server");
  const auto url = [&](std::string_view purposes, std::string_view of_root) {
    const auto ca = [&](std::string_view id, std::string_view issuer, std::string_view eku) {
      const std::string more = eku.empty() ? R"("made": true)" : fmt::format(R"("eku": ["{}"])", eku);
      return forge.certificate(id, id, issuer, x509::testing::Forge::with(x509::testing::Forge::kCa, more));
    };
    const auto root = ca("ocsp-url-root", "", of_root);
    const auto issuing = ca("ocsp-url", "ocsp-url-root", purposes);
    const Issuer issuer{.id = {1}, .name = "issuing", .certificate = issuing, .chain = {issuing}, .root = root};
    return ocsp_url_of(profile, issuer, "http://o");
  };
  EXPECT_EQ(url("", ""), "http://o");
  EXPECT_EQ(url(x509::eku::kAny, x509::eku::kOcspSigning), "http://o");
  EXPECT_EQ(url(x509::eku::kServerAuth, ""), "");
  EXPECT_EQ(url("", x509::eku::kServerAuth), "");
}

}  // namespace
}  // namespace symbolon::authority
