#include "x509/issuing_chain.h"

#include <gtest/gtest.h>

#include "x509/testing/forge.h"

namespace symbolon::x509 {
namespace {

using testing::forge;

TEST(IssuingChain, IsFoundInAnyOrder) {
  const Certificate root = forge().ca("chain-root", "Chain Root");
  const Certificate other = forge().ca("chain-other", "Chain Root");  // the same name, another key
  const Certificate leaf = forge().client("chain-leaf", "leaf", "chain-root");
  const Certificate stranger = forge().ca("chain-stranger", "Stranger");
  EXPECT_EQ(issuing_chain(leaf, {stranger, other, leaf, root}), (std::vector<Certificate>{leaf, root}));
  EXPECT_EQ(issuing_chain(leaf, {stranger, other}), std::vector<Certificate>{leaf});
  EXPECT_EQ(issuing_chain(root, {other, leaf}), std::vector<Certificate>{root});
}

}  // namespace
}  // namespace symbolon::x509
