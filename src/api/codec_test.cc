#include "api/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/members.h"

namespace symbolon::api {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPemText = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

CertificateSummary summary() {
  return {.serial = "01ab",
          .fingerprint = std::string(64, 'f'),
          .issuer = "issuing",
          .profile = "server",
          .subject = "CN=wéb,O=Example Corp",
          .names = {"dns:web.example", "ip:192.0.2.1"},
          .requester = "unix: uid 0",
          .state = CertificateState::revoked,
          .not_before = {1795255714},
          .not_after = {1795255714 + 86400},
          .issued_at = {1795255715},
          .revocation = Revocation{RevocationReason::key_compromise, {1795255716}, "unix: uid 0"}};
}

template <typename T>
void goes_there_and_back(const T& object) {
  const auto back = decode<T>(encode(object));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(*back, object);
}

template <typename T>
std::string refusal(std::string_view json) {
  const auto result = decode<T>(json);
  if (result) return "accepted";
  EXPECT_EQ(name(result.error().code), name(Code::bad_request));
  return result.error().words;
}

TEST(Codec, KeysOfTicketsGoThereAndBack) {
  goes_there_and_back(TicketKeysRequest{{ticket_domain_name(crypto::sha256(as_bytes("a")))}});
  TicketKeysAnswer answer{.generation = "ab", .domains = {}};
  answer.domains.emplace_back().name = "cd";
  answer.domains[0].keys.emplace_back().key = Secret("AAAA");
  answer.domains[0].keys[0].age = Seconds{5400};
  answer.domains.emplace_back().name = "none";
  const std::string text = encode(answer);
  EXPECT_EQ(text, R"({"generation":"ab","domains":[{"name":"cd","keys":[{"key":"AAAA","age":"1h30m"}]},)"
                  R"({"name":"none","keys":[]}]})");
  const auto back = decode<TicketKeysAnswer>(text);
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(encode(*back), text);
  const std::string one = R"({"key":"AAAA","age":"0s"})";
  const auto with = [](const std::string& keys) {
    return R"({"generation":"ab","domains":[{"name":"cd","keys":[)" + keys + "]}]}";
  };
  EXPECT_EQ(refusal<TicketKeysAnswer>(with(one + "," + one)), "accepted");
  EXPECT_THAT(refusal<TicketKeysAnswer>(with(one + "," + one + "," + one + "," + one + "," + one)),
              HasSubstr("at most 4"));
  EXPECT_THAT(refusal<TicketKeysAnswer>(with(R"({"key":"","age":"0s"})")), HasSubstr("'domains[0].keys[0].key'"));
}

TEST(Codec, DomainsOfTicketsAreCalledByWhatTheyTrust) {
  const auto one = ticket_domain_name(crypto::sha256(as_bytes("a")));
  EXPECT_EQ(one.size(), 64U);
  EXPECT_EQ(one, ticket_domain_name(crypto::sha256(as_bytes("a"))));
  EXPECT_NE(one, ticket_domain_name(crypto::sha256(as_bytes("b"))));
  EXPECT_NE(one, to_hex(crypto::sha256(as_bytes("a"))));
}

TEST(Codec, EveryObjectGoesThereAndBack) {
  const std::string pem(kPemText);
  CertificateSummary reserved = summary();
  reserved.fingerprint.clear();
  reserved.state = CertificateState::reserved;
  reserved.revocation.reset();
  goes_there_and_back(summary());
  goes_there_and_back(reserved);
  goes_there_and_back(CertificateDetails{summary(), pem, pem + pem});
  goes_there_and_back(ListPage{{summary(), reserved}, "cursor"});
  goes_there_and_back(ListPage{});
  goes_there_and_back(IssueRequest{"server", pem, {"web.example"}, "web", Seconds{5400}, "issuing"});
  goes_there_and_back(IssueRequest{"server", pem, {}, {}, {}, {}});
  goes_there_and_back(IssueAnswer{pem, pem, pem, summary(), {"the lifetime was cut"}});
  for (const char* reason : {"unspecified", "key_compromise", "ca_compromise", "affiliation_changed", "superseded",
                             "cessation_of_operation", "certificate_hold", "privilege_withdrawn"}) {
    goes_there_and_back(RevocationRequest{"web", reason_from_name(reason).value()});
  }
  goes_there_and_back(RevocationAnswer{summary(), RevocationOutcome::was_revoked_already});
  goes_there_and_back(RevocationRequest{"web", RevocationReason::superseded, UnixSeconds{1'000}});
  RevocationRequest unknown{"0a1b", RevocationReason::key_compromise};
  unknown.unknown = true;
  unknown.issuer = "issuing-2";
  goes_there_and_back(unknown);
  const SignedHead head{.count = 7, .hash = std::string(64, 'a'), .time = {5}, .signature = "MEQ="};
  const FeedEntry entry{
      .number = 7, .issuer = std::string(64, 'b'), .serial = "0a", .at = {4}, .invalid_since = UnixSeconds{3}};
  goes_there_and_back(head);
  goes_there_and_back(HeadsAnswer{head, head, pem});
  goes_there_and_back(HandBackRequest{"web-1", head, std::string(64, 'c'), {entry}});
  for (const auto outcome :
       {HandBackAnswer::Outcome::done, HandBackAnswer::Outcome::go_on, HandBackAnswer::Outcome::given_up}) {
    goes_there_and_back(HandBackAnswer{outcome, 6, 1});
  }
  goes_there_and_back(FeedPage{.issuers = {"00"},
                               .entries = {entry},
                               .digest = "ff",
                               .behind = true,
                               .past = {{7, "ff"}, {0, "ee"}},
                               .feed_head = head,
                               .audit_head = head,
                               .head_key = "MFkw",
                               .ticket_keys = "ab"});
  goes_there_and_back(LedgerVerifyRequest{});
  goes_there_and_back(LedgerVerifyRequest{head});
  goes_there_and_back(RollbackAcceptance{RollbackOutcome::accepted, {5}, 2});
  goes_there_and_back(RollbackAcceptance{RollbackOutcome::not_behind, {5}, 0});
  goes_there_and_back(RevokeMatchingRequest{"state:valid", RevocationReason::superseded, UnixSeconds{1'000}, 7, true});
  goes_there_and_back(ReleaseRequest{"web"});
  goes_there_and_back(
      ReleaseAnswer{summary(), ReleaseOutcome::was_released_already, Enforcement{9, 3, 2, 41, {"CN=a"}}});
  goes_there_and_back(ReleaseAnswer{summary(), ReleaseOutcome::released});
  goes_there_and_back(RevokeMatchingAnswer{2, {summary(), summary()}, Enforcement{9, 3, 2, 41, {"CN=a"}}});
  goes_there_and_back(RevocationAnswer{summary(), RevocationOutcome::revoked, Enforcement{9, 3, 2, 41, {"CN=a"}}});
  goes_there_and_back(ProfileList{{{"server", "for servers", kDay, kDay * 90, {"p256"}, {"serverAuth"}, {"dns"}}}});
  goes_there_and_back(NewIssuerRequest{"p256", kDay, {"dns:example.com"}, {"ip:10.0.0.0/8"}});
  goes_there_and_back(NewIssuerRequest{});
  goes_there_and_back(NewIssuerAnswer{"01", "issuing-2", "CN=i", {1}, {2}, pem, "AAAA"});
  goes_there_and_back(IssuerSignature{"AAAA"});
  goes_there_and_back(ImportIssuerRequest{pem, pem, true});
  goes_there_and_back(IssuerList{{{"root", "root", false, "CN=r", "01", "ff", "P-256", {0}, {1}, pem}}});
  goes_there_and_back(StatusInfo{.version = "0.1.0",
                                 .name = "ca",
                                 .now = {5},
                                 .started_at = {4},
                                 .issued = 3,
                                 .revoked = 2,
                                 .unfinished = 1,
                                 .last_issued_at = UnixSeconds{3},
                                 .ledger = {.entries = 9, .octets = 4096, .commits = 7, .waiting = 1},
                                 .crls = {{"issuing", 1'800'000'000, {1}, {2}, 7, 300}},
                                 .gateways = {{"local", true, {1}, UnixSeconds{2}, 3, 4, 1, "0.1.0"}},
                                 .warnings = {{Code::ca_expires_soon, "in 3 days"}}});
  goes_there_and_back(
      GatewayList{7, {{"CN=a", false, {1}, {}, 0, 7, 0, ""}, {"local", true, {1}, UnixSeconds{2}, 7, 0, 1, "1"}}});
  goes_there_and_back(GatewayInfo{"local", true, {1}, UnixSeconds{2}, 3, 4, 2, "0.1.0"});
  goes_there_and_back(CrlInfo{"issuing", 1, {1}, {2}, 0, 300});
  goes_there_and_back(NewCrlRequest{kDay});
  goes_there_and_back(NewCrlRequest{});
  goes_there_and_back(NewCrlAnswer{"root",
                                   1'800'000'000,
                                   {1},
                                   {2},
                                   {{"0a", RevocationReason::ca_compromise, {1}, UnixSeconds{0}}, {"0b", {}, {2}}},
                                   {3}});
  goes_there_and_back(CrlSignature{1'800'000'000, "AAAA"});
  goes_there_and_back(ChangeList{{{"7", "profile", "partner", "ff", "a", {1}, "b", UnixSeconds{2}, UnixSeconds{3}}}});
  goes_there_and_back(ChangeInfo{"7", "profile", "partner", "ff", "a", {1}});
  goes_there_and_back(LedgerVerifyAnswer{1000000, "ab"});
  goes_there_and_back(LedgerBackupRequest{"/var/backups/x.db"});
  goes_there_and_back(LedgerBackupAnswer{"/var/backups/x.db", 4096});
  goes_there_and_back(ClockAcceptance{ClockOutcome::not_behind, {7}, {6}});
  goes_there_and_back(Progress{1, 9});
}

TEST(Codec, WhatAGatewaySaysGoesThereAndBack) {
  const SeenCertificate alice{.fingerprint = std::string(64, 'a'),
                              .serial = "01",
                              .issuer = "CN=Issuing",
                              .subject = "CN=\u0007alice",
                              .identity = "spiffe://example.com/alice",
                              .route = "web",
                              .address = "2001:db8::1",
                              .not_after = {9},
                              .first_seen = {1},
                              .last_seen = {2},
                              .times = 3};
  goes_there_and_back(alice);
  goes_there_and_back(SeenPage{{alice}, "cursor"});
  goes_there_and_back(SeenPage{});
  RejectionRecord refused;
  refused.time = {7};
  refused.id = refused.code = refused.fault = refused.sentence = "7Q4M";
  goes_there_and_back(refused);
  const RecordedCertificate blamed{"CN=\u0007", {"dns:a", "dns:b"}, "0a", "CN=root", {1}, {2}, "ab"};
  refused.certificate = refused.leaf = blamed;
  refused.route = refused.peer = refused.proxy = refused.service = refused.detail = refused.remedy = "some";
  refused.server_name = refused.version = refused.rule = refused.by = refused.identity = "more";
  refused.session_declined = refused.possession = "most";
  refused.certificate_index = refused.presented = 3;
  refused.limit = UnixSeconds{9};
  refused.alert_sent = refused.alert_received = RecordedAlert{46, "certificate_unknown"};
  goes_there_and_back(RejectionList{{refused}});
  goes_there_and_back(RejectionList{});
  goes_there_and_back(GatewayStatus{});
  const Warning broken{Code::config_bad_value, "symbolon.yaml:3:1"};
  goes_there_and_back(GatewayStatus{
      .version = "0.1.0",
      .phase = GatewayPhase::draining,
      .now = {5},
      .started_at = {4},
      .threads = 2,
      .threads_silent = 1,
      .open = 3,
      .most_open = 9,
      .records_lost = 1,
      .certificates_seen = 1,
      .reload = {.generation = 2, .loaded_at = {4}, .failures = 1, .problem = broken, .failed_at = UnixSeconds{5}},
      .routes = {{.name = "web",
                  .listen = "127.0.0.1:8443",
                  .to = {"127.0.0.1:3000"},
                  .open = 1,
                  .admitted = 7,
                  .refused = {{Code::client_certificate_expired, 2}},
                  .received = 10,
                  .sent = 11,
                  .certificates = {{"client", "CN=web", "02", {99}}},
                  .soonest = alice,
                  .hindrances = {broken}}},
      .refused = {{Code::connection_limit, 1}},
      .warnings = {"a file"}});
}

TEST(Codec, NamesTheMemberThatIsWrong) {
  EXPECT_THAT(refusal<IssueRequest>(R"({"profile":"server","csr":"x","nmaes":[]})"), HasSubstr("'nmaes'"));
  EXPECT_THAT(refusal<IssueRequest>(R"({"profile":"server"})"), HasSubstr("'csr'"));
  EXPECT_THAT(refusal<IssueRequest>(R"({"profile":7,"csr":"x"})"), HasSubstr("'profile'"));
  EXPECT_THAT(refusal<IssueRequest>(R"({"profile":"server","csr":"x","names":["a",1]})"), HasSubstr("'names[1]'"));
  EXPECT_THAT(refusal<IssueRequest>(R"({"profile":"server","csr":"x","names":"a"})"), HasSubstr("'names'"));
  EXPECT_THAT(refusal<IssueRequest>(R"({"profile":"server","csr":"x","lifetime":"90"})"), HasSubstr("'lifetime'"));
  EXPECT_THAT(refusal<IssueRequest>(R"({"profile":"server","csr":"x","lifetime":null})"), HasSubstr("'lifetime'"));
  EXPECT_THAT(refusal<IssueRequest>(R"({"profile":"a","profile":"b","csr":"x"})"), HasSubstr("'profile'"));
  EXPECT_THAT(refusal<RevocationRequest>(R"({"what":"web","reason":"hold"})"), HasSubstr("'reason'"));
  EXPECT_THAT(refusal<RevocationRequest>(R"({"what":""})"), HasSubstr("'what'"));
  EXPECT_THAT(refusal<ListPage>(R"({"certificates":[{"serial":1}]})"), HasSubstr("'certificates[0].serial'"));
}

TEST(Codec, PassesOverWhatANewerAuthorityAnswers) {
  constexpr std::string_view answer =
      R"({"generation":"ab","domains":[{"name":"cd","keys":[],"colour":"red"}],"later":{"a":[1]}})";
  EXPECT_THAT(refusal<TicketKeysAnswer>(answer), HasSubstr("'domains[0].colour'"));
  const auto read = decode_answer<TicketKeysAnswer>(answer);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->domains.at(0).name, "cd");
  EXPECT_FALSE(decode_answer<TicketKeysAnswer>(R"({"later":1})")) << "what is needed is missing";
}

TEST(Codec, AcceptsTheStandardsSpellingOfReasons) {
  const auto request = decode<RevocationRequest>(R"({"what":"web","reason":"keyCompromise"})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->reason, RevocationReason::key_compromise);
}

TEST(Codec, HoldsItsBounds) {
  EXPECT_NE(refusal<IssueRequest>(R"({"profile":")" + std::string(257, 'a') + R"(","csr":"x"})"), "accepted");
  EXPECT_NE(refusal<IssueRequest>(R"({"profile":"a","csr":")" + std::string(262145, 'a') + R"("})"), "accepted");
  std::string names = "\"a\"";
  for (int i = 0; i < 1000; ++i) names += ",\"a\"";
  EXPECT_NE(refusal<IssueRequest>(R"({"profile":"a","csr":"x","names":[)" + names + "]}"), "accepted");
  EXPECT_NE(refusal<RevocationRequest>(R"({"what":"a\u0000b"})"), "accepted");
  EXPECT_NE(refusal<RevocationRequest>(R"({"what":"a\nb"})"), "accepted");
  EXPECT_NE(refusal<Progress>(R"({"done":-1,"of":1})"), "accepted");
  EXPECT_NE(refusal<Progress>(R"({"done":99999999999999999999,"of":1})"), "accepted");
  EXPECT_NE(refusal<Progress>(R"({"done":1.0,"of":1})"), "accepted");
}

TEST(Codec, RefusesWhatIsNotStrictJson) {
  for (const std::string text :
       {"", "{", "[]", "7", "null", "{}x", "{\"what\":\"a\",}", "{'what':'a'}", "{\"what\":\"\xff\"}",
        "{\"what\":\"a\"} {\"what\":\"b\"}", "{\"what\":\"a\"//\n}", "\xef\xbb\xbf{\"what\":\"a\"}"}) {
    EXPECT_NE(refusal<RevocationRequest>(text), "accepted") << text;
  }
  EXPECT_NE(refusal<RevocationRequest>(std::string(100000, '[')), "accepted");
  std::string deep = R"({"what":)";
  for (int i = 0; i < 40; ++i) deep += "{\"a\":";
  EXPECT_NE(refusal<RevocationRequest>(deep), "accepted");
}

TEST(Names, OfEachValueLeadBack) {
  for (const auto state :
       {CertificateState::reserved, CertificateState::issued, CertificateState::revoked, CertificateState::abandoned}) {
    EXPECT_EQ(state_from_name(name(state)), state);
  }
  EXPECT_FALSE(state_from_name("expired"));
  for (const auto phase : {GatewayPhase::starting, GatewayPhase::serving, GatewayPhase::draining}) {
    EXPECT_EQ(phase_from_name(name(phase)), phase);
  }
}

}  // namespace
}  // namespace symbolon::api
