#include "revocation/signed_head.h"

#include <gtest/gtest.h>

namespace symbolon::revocation {
namespace {

class SignedHeadTest : public ::testing::Test {
 protected:
  SignedHead sign(const Head& head) const {
    return {.head = head, .signature = signer_->sign(as_bytes(signed_text(head))).value()};
  }
  Code code_of(const SignedHead& head) const {
    const Status checked = check_signature(head, signer_->public_key());
    return checked ? Code::usage : checked.error().code;
  }
  std::unique_ptr<crypto::Signer> signer_ =
      crypto::make_signer(crypto::PrivateKey::generate(crypto::KeyType::p256).value()).value();
  Head head_{.kind = HeadKind::audit, .count = 41, .hash = crypto::sha256({}), .time = {1'800'000'000}};
};

TEST_F(SignedHeadTest, IsATextOfFourLines) {
  EXPECT_EQ(signed_text(head_),
            "symbolon audit head 1\n41\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
            "2027-01-15T08:00:00Z\n");
  head_.kind = HeadKind::feed;
  EXPECT_TRUE(signed_text(head_).starts_with("symbolon feed head 1\n"));
}

TEST_F(SignedHeadTest, ASignatureIsOfThisHeadOfThisChainByThisKey) {
  const SignedHead good = sign(head_);
  EXPECT_EQ(code_of(good), Code::usage);
  const auto refused = [&](auto change) {
    SignedHead other = good;
    change(other);
    return code_of(other) == Code::audit_head_not_ours;
  };
  EXPECT_TRUE(refused([](SignedHead& h) { h.head.kind = HeadKind::feed; }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.head.count = 42; }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.head.hash[0] ^= 1; }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.head.time.count += 1; }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.signature.back() ^= 1; }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.signature.clear(); }));
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::p256)->public_key();
  EXPECT_FALSE(check_signature(good, other));
}

TEST_F(SignedHeadTest, ItsKeyIsOnP256) {
  EXPECT_TRUE(head_key(signer_->public_key().spki()));
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::ed25519)->public_key();
  EXPECT_EQ(head_key(other.spki()).error().code, Code::audit_head_not_ours);
  EXPECT_EQ(head_key({}).error().code, Code::audit_head_not_ours);
}

}  // namespace
}  // namespace symbolon::revocation
