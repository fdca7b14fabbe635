#include "tls/session_facts.h"

#include <gtest/gtest.h>

#include "revocation/issuer_key.h"
#include "x509/testing/forge.h"

namespace symbolon::tls {
namespace {

using x509::testing::forge;
using x509::testing::kNow;

SessionFacts some() {
  SessionFacts out;
  out.full_handshake = kNow;
  out.context.fill(7);
  out.path = {{crypto::sha256(as_bytes("issuing")), x509::SerialNumber::parse("4f01").value()},
              {crypto::sha256(as_bytes("root")), x509::SerialNumber()}};
  out.not_after = kNow + kDay;
  return out;
}

TEST(SessionFacts, AreReadAsTheyWereWritten) {
  const SessionFacts facts = some();
  EXPECT_EQ(parse_session_facts(encode_session_facts(facts)).value(), facts);
  SessionFacts anonymous = some();
  anonymous.path.clear();
  anonymous.not_after = {};
  EXPECT_EQ(parse_session_facts(encode_session_facts(anonymous)).value(), anonymous);
}

TEST(SessionFacts, CutAnywhereOrGoneOnTheyAreNone) {
  const Bytes octets = encode_session_facts(some());
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(parse_session_facts(ByteView(octets).first(size)).has_value()) << size;
  Bytes more = octets;
  more.push_back(0);
  EXPECT_EQ(parse_session_facts(more).error().code, Code::handshake_malformed);
}

TEST(SessionFacts, HaveOneFormOnly) {
  Bytes octets = encode_session_facts(some());
  octets.front() = 2;
  EXPECT_FALSE(parse_session_facts(octets).has_value());  // a later version's
  SessionFacts facts = some();
  facts.path = {SessionFacts::Link{}};
  octets = encode_session_facts(facts);  // ends with: one octet, zero
  octets[octets.size() - 2] = 2;
  octets.push_back(1);
  EXPECT_FALSE(parse_session_facts(octets).has_value());  // a serial with a leading zero
}

TEST(SessionFacts, NameEachCertificateBelowTheAnchorByItsIssuer) {
  const auto root = forge().ca("facts-root", "Facts Root");
  const auto issuing = forge().ca("facts-issuing", "Facts Issuing", "facts-root");
  const auto leaf = forge().client("facts-leaf", "alice", "facts-issuing");
  using Links = std::vector<SessionFacts::Link>;
  EXPECT_EQ(links_of({leaf, issuing, root}), (Links{{revocation::IssuerKey::of(issuing).octets, leaf.serial()},
                                                    {revocation::IssuerKey::of(root).octets, issuing.serial()}}));
  EXPECT_EQ(links_of({leaf}), (Links{{revocation::IssuerKey::of(issuing).name, leaf.serial()}}));
}

}  // namespace
}  // namespace symbolon::tls
