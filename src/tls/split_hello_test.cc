#include "tls/split_hello.h"

#include <gtest/gtest.h>

namespace symbolon::tls {
namespace {

TEST(InTwoRecords, HalvesTheFirstRecordAndKeepsTheRest) {
  EXPECT_EQ(in_two_records(Bytes{22, 3, 1, 0, 3, 7, 8, 9, 20, 3}),
            (Bytes{22, 3, 1, 0, 1, 7, 22, 3, 1, 0, 2, 8, 9, 20, 3}));
}

TEST(InTwoRecords, GivesBackWhatIsNoWholeRecord) {
  for (const Bytes& octets : {Bytes{}, Bytes{22, 3, 1, 0}, Bytes{22, 3, 1, 0, 1, 7}, Bytes{22, 3, 1, 0, 3, 7, 8}}) {
    EXPECT_EQ(in_two_records(octets), octets);
  }
}

TEST(InTwoRecords, KeepsTheLengthOfLargeOnes) {
  Bytes record(5 + 16384, 1);
  record[3] = 0x40, record[4] = 0;
  const Bytes split = in_two_records(record);
  ASSERT_EQ(split.size(), record.size() + 5);
  EXPECT_EQ(split[3], 0x20);
  EXPECT_EQ(split[5 + 8192 + 3], 0x20);
}

}  // namespace
}  // namespace symbolon::tls
