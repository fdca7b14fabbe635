#include "cli/rejection_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace symbolon::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RejectionWords, SayWhatIsThereAndNothingElse) {
  api::RejectionRecord record;
  record.id = "7Q4M";
  record.code = "client_certificate_expired";
  record.fault = "peer";
  record.sentence = "the certificate has expired";
  const std::string few = words_of(record);
  EXPECT_THAT(few, HasSubstr("record 7Q4M\n"));
  EXPECT_THAT(few, HasSubstr("client_certificate_expired (fault: peer)\n"));
  EXPECT_THAT(few, Not(HasSubstr("from")));
  record.peer = "192.0.2.7:4711";
  record.certificate.emplace().subject = "CN=alice";
  record.alert_sent = api::RecordedAlert{45, "certificate_expired"};
  record.limit = UnixSeconds{1'800'000'000};
  record.by = "2 days";
  const std::string more = words_of(record);
  for (const char* const part :
       {"192.0.2.7:4711\n", "CN=alice, serial ", "45 certificate_expired\n", "missed by 2 days"})
    EXPECT_THAT(more, HasSubstr(part));
}

TEST(RejectionWords, CannotMoveTheTerminal) {
  api::RejectionRecord record;
  record.detail = "\x1b[2J\nrecord 0000";
  const std::string words = words_of(record);
  EXPECT_THAT(words, Not(HasSubstr("\x1b")));
  EXPECT_THAT(words, Not(HasSubstr("\nrecord 0000")));
}

}  // namespace
}  // namespace symbolon::cli
