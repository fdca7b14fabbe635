#include "api/rejection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/codec.h"

namespace symbolon::api {
namespace {

TEST(RecordId, IsReadAsPeopleTypeIt) {
  EXPECT_EQ(parse_record_id("7Q4M"), "7Q4M");
  EXPECT_EQ(parse_record_id("7q4m"), "7Q4M");
  EXPECT_EQ(parse_record_id("oIl0"), "0110");
  for (const std::string_view text : {"", "7Q4", "7Q4MM", "7Q4U", "7Q4 ", "7Q4\xff", "own", "...."})
    EXPECT_EQ(parse_record_id(text).error().code, Code::bad_request) << text;
}

TEST(RejectionRecord, IsReadFromItsLine) {
  constexpr std::string_view line =
      R"({"record":"refused","time":"2026-11-27T10:00:00Z","id":"7Q4M","route":"web","peer":"192.0.2.7:4711",)"
      R"("code":"client_certificate_expired","fault":"peer","sentence":"the certificate has expired","remedy":"renew it",)"
      R"("certificate_index":0,"limit":"2026-11-25T10:00:00Z","by":"2 d","certificate":{"subject":"CN=alice",)"
      R"("san":["dns:a"],"serial":"0a","issuer":"CN=root","subject_key_id":"01","not_before":"2026-11-01T10:00:00Z",)"
      R"("not_after":"2026-11-25T10:00:00Z","fingerprint":"ab"},"presented":2,"possession":"unproven",)"
      R"("alert_sent":{"number":45,"name":"certificate_expired"},"suppressed":3})";
  const auto record = decode_answer<RejectionRecord>(line);
  ASSERT_TRUE(record) << record.error().text();
  EXPECT_EQ(record->id, "7Q4M");
  EXPECT_EQ(record->certificate->subject, "CN=alice");
  EXPECT_EQ(record->alert_sent->number, 45);
  EXPECT_FALSE(record->leaf);
  EXPECT_TRUE(is_about(*record, "ab"));
  EXPECT_FALSE(is_about(*record, "cd"));
}

TEST(RejectionRecord, IsAboutTheLeafWhateverIsToBlame) {
  RejectionRecord record;
  record.certificate_index = 1;
  record.certificate.emplace().fingerprint = "ca";
  EXPECT_FALSE(is_about(record, "ca")) << "a CA's certificate, and no leaf that could be read";
  record.leaf.emplace().fingerprint = "ab";
  EXPECT_TRUE(is_about(record, "ab"));
  EXPECT_FALSE(is_about(record, "ca"));
  EXPECT_FALSE(is_about(RejectionRecord(), ""));
}

TEST(RejectionRecord, TellsItsHolderNothingOfWhereItCameFrom) {
  RejectionRecord record;
  record.detail = "why";
  const RejectionRecord shown = record;
  record.peer = "192.0.2.7:4711";
  record.proxy = "192.0.2.8:1";
  record.service = "10.0.0.1:80";
  EXPECT_EQ(for_its_holder(record), shown);
}

}  // namespace
}  // namespace symbolon::api
