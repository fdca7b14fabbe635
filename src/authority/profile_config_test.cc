// Profiles as the configuration writes them.
#include "authority/profile_config.h"

#include <gtest/gtest.h>

#include <set>

#include "config/load.h"

namespace symbolon::authority {
namespace {

struct File {
  std::map<std::string, ProfileConfig> profiles;
};

Result<ProfileSet> configured(std::string_view text) {
  config::Table<File> table("");
  table.optional("profiles", &File::profiles, profiles_value(), "");
  const File file = TRY(config::load(text, "symbolon.yaml", table).result());
  return configure(builtin_profiles("Example Corp"), file.profiles);
}

Error error_of(std::string_view text) {
  const auto result = configured(text);
  return result ? Error{Code::usage, "it was accepted"} : result.error();
}

TEST(ProfileConfig, MakesANewProfileFromABuiltinOne) {
  const auto set = configured(R"(profiles:
  partner:
    base: client
    when: a partner's system
    names: { dns: ["*.partner.example"], ip: [10.0.0.0/8], cn: ["partner-*"] }
    least_names: 1
    subject: "CN={name},OU=Partners,O=Example"
    lifetime: 30d
    keys: [p256, ed25519]
    take: []
    no_rev_avail: true
)");
  ASSERT_TRUE(set) << set.error().text();
  EXPECT_EQ(set->size(), 9U);
  const Profile& partner = set->at("partner");
  EXPECT_EQ(partner.name, "partner");
  EXPECT_EQ(partner.extended_key_usage, std::vector<std::string>{std::string(x509::eku::kClientAuth)});
  EXPECT_TRUE(partner.check_name(*x509::GeneralName::dns("a.partner.example")));
  EXPECT_EQ(partner.check_name(*x509::GeneralName::dns("a.other.example")).error().code, Code::name_not_allowed);
  EXPECT_TRUE(partner.check_name(*x509::GeneralName::ip("10.1.2.3")));
  EXPECT_FALSE(partner.check_name(*x509::GeneralName::ip("11.1.2.3")));
  EXPECT_FALSE(partner.check_name(*x509::GeneralName::email("a@partner.example")));  // a kind that is not listed
  EXPECT_TRUE(partner.check_common_name("partner-7"));
  EXPECT_FALSE(partner.check_common_name("root"));
  EXPECT_EQ(partner.subject.size(), 3U);
  EXPECT_EQ(partner.subject.front(), (x509::NameAttribute{"O", "Example"}));
  EXPECT_EQ(partner.lifetime, kDay * 30);
  EXPECT_EQ(partner.keys.size(), 2U);
  EXPECT_EQ(partner.take, TakenFromRequest{});
  EXPECT_TRUE(partner.no_rev_avail);
  EXPECT_TRUE(partner.crl);
  EXPECT_FALSE(configured("profiles: { client: { crl: false } }")->at("client").crl);
  EXPECT_TRUE(partner.ocsp);
  EXPECT_FALSE(configured("profiles: { client: { ocsp: false } }")->at("client").ocsp);
}

TEST(ProfileConfig, ChangesABuiltinOneInItsPlace) {
  const auto set = configured("profiles: { server: { names: { dns: any }, lifetime: 2y } }");
  ASSERT_TRUE(set) << set.error().text();
  EXPECT_EQ(set->size(), 8U);
  EXPECT_EQ(set->at("server").lifetime, kDay * 730);
  EXPECT_TRUE(set->at("server").allows_kind(x509::NameKind::dns));
  EXPECT_FALSE(set->at("server").allows_kind(x509::NameKind::ip));
  // A longer default takes the most along.
  const auto longer = configured("profiles: { workload: { lifetime: 100d } }");
  EXPECT_EQ(longer->at("workload").longest, kDay * 100);
}

// What a second person approved is approved as it was, and nothing else is.
TEST(ProfileConfig, CanonicalTellsApartWhatIsNamedInCertificates) {
  std::set<std::string> texts;
  for (const std::string_view words :
       {"crl: true, ocsp: true", "crl: false", "ocsp: false", "crl: false, ocsp: false"}) {
    texts.insert(canonical(configured(fmt::format("profiles: {{ client: {{ {} }} }}", words))->at("client")));
  }
  EXPECT_EQ(texts.size(), 4U);
  EXPECT_TRUE(texts.contains(canonical(builtin_profiles("Example Corp").at("client"))));
}

TEST(ProfileConfig, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of("profiles: { partner: { lifetime: 30d } }").code, Code::config_missing_key);
  const Error unknown = error_of("profiles:\n  partner:\n    base: cleint\n");
  EXPECT_EQ(unknown.code, Code::config_bad_value);
  EXPECT_TRUE(unknown.where.starts_with("symbolon.yaml:3:")) << unknown.where;
  EXPECT_EQ(error_of("profiles: { server: { lifetime: 30d, longest: 1d } }").code, Code::config_bad_value);
  EXPECT_EQ(error_of("profiles: { server: { names: {} } }").code, Code::config_bad_value);
  EXPECT_EQ(error_of("profiles: { x: { base: ocsp, extended_key_usage: [serverAuth] } }").code, Code::config_bad_value);
  EXPECT_EQ(error_of("profiles: { server: { extended_key_usage: [2.5.29.37.0] } }").code, Code::config_bad_value);
  EXPECT_EQ(error_of("profiles: { server: { extended_key_usage: [nonsense] } }").code, Code::config_bad_value);
  // Whoever has such a certificate answers for the CA: only the profile of its responder makes them.
  EXPECT_EQ(error_of("profiles: { server: { extended_key_usage: [serverAuth, OCSPSigning] } }").code,
            Code::config_bad_value);
  EXPECT_EQ(error_of("profiles: { server: { extended_key_usage: [serverAuth, 1.3.6.1.5.5.7.3.9] } }").code,
            Code::config_bad_value);
  EXPECT_EQ(error_of("profiles: { server: { keys: [rsa1024] } }").code, Code::config_bad_value);
  EXPECT_EQ(error_of("profiles: { server: { livetime: 3d } }").code, Code::config_unknown_key);
  EXPECT_EQ(error_of("profiles: { server: { subject: 'nonsense' } }").code, Code::config_bad_value);
}

}  // namespace
}  // namespace symbolon::authority
