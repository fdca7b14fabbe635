#include "gateway/record_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "gateway/record.h"
#include "gateway/record_sink.h"
#include "x509/testing/shell.h"

namespace symbolon::gateway {
namespace {

using x509::testing::Folder;

constexpr UnixSeconds kNow{1'800'000'000};

std::string refusal(std::string_view id, std::string words = "why") {
  return refused_record({kNow, id, "web"}, Error{Code::connection_limit, std::move(words)}, 0);
}

// As a refused handshake is recorded that a certificate was to blame for.
std::string refusal_of(std::string_view id, std::string_view fingerprint, std::string_view member = "certificate") {
  std::string line = refusal(id);
  line.pop_back();
  return line + fmt::format(R"(,"certificate_index":0,"{}":{{"subject":"CN=a","san":[],"serial":"01","issuer":"CN=b",)"
                            R"("not_before":"2026-11-01T10:00:00Z","not_after":"2026-11-25T10:00:00Z",)"
                            R"("fingerprint":"{}"}}}})",
                            member, fingerprint);
}

std::string words_of(const api::RejectionList& list) {
  std::string out;
  for (const auto& record : list.records) out += record.id + " " + record.detail.value_or("") + "\n";
  return out;
}

TEST(RecordIndex, FindsARefusalByItsIdNewestFirst) {
  RecordIndex index;
  index.keep(refusal("7Q4M", "first"));
  index.keep(refusal("0000", "\"id\":\"7Q4M\""));
  index.keep(refusal("7Q4M", "second"));
  index.keep(R"({"record":"opened","time":"2027-01-15T08:00:00Z","id":"7Q4M"})");
  EXPECT_EQ(words_of(index.look_up({.id = "7Q4M"})), "7Q4M second\n7Q4M first\n");
  EXPECT_EQ(words_of(index.look_up({.id = "0000"})), "0000 \"id\":\"7Q4M\"\n");
  EXPECT_TRUE(index.look_up({.id = "7Q4"}).records.empty());
}

TEST(RecordIndex, FindsTheRefusalsOfACertificate) {
  RecordIndex index;
  index.keep(refusal_of("0001", "ab"));
  index.keep(refusal_of("0002", "ab", "leaf"));
  index.keep(refusal_of("0003", "cd"));
  index.keep(refusal("0004", "\"fingerprint\":\"ab\""));
  EXPECT_EQ(words_of(index.look_up({.fingerprint = "ab"})), "0002 why\n0001 why\n");
  EXPECT_EQ(words_of(index.look_up({.id = "0001", .fingerprint = "ab"})), "0001 why\n");
  EXPECT_TRUE(index.look_up({.id = "0003", .fingerprint = "ab"}).records.empty()) << "it is another's";
}

TEST(RecordIndex, ForgetsTheOldest) {
  RecordIndex few({.records = 2});
  for (const std::string_view id : {"0001", "0002", "0003"}) few.keep(refusal(id));
  EXPECT_TRUE(few.look_up({.id = "0001"}).records.empty());
  EXPECT_EQ(few.look_up({.id = "0002"}).records.size(), 1U);
  RecordIndex small({.octets = 1000});
  for (const std::string_view id : {"0001", "0002"}) small.keep(refusal(id, std::string(500, 'x')));
  EXPECT_TRUE(small.look_up({.id = "0001"}).records.empty());
  EXPECT_EQ(small.look_up({.id = "0002"}).records.size(), 1U);
  small.keep(refusal("0003", std::string(2000, 'x')));
  EXPECT_TRUE(small.look_up({.id = "0003"}).records.empty()) << "larger than all that is kept";
}

TEST(RecordIndex, AnswersNoMoreThanAListHolds) {
  RecordIndex index;
  for (int i = 0; i < 50; ++i) index.keep(refusal("7Q4M", fmt::format("{}", i)));
  const auto found = index.look_up({.id = "7Q4M"});
  ASSERT_EQ(found.records.size(), api::RejectionList::kMost);
  EXPECT_EQ(found.records.front().detail, "49");
}

class RecordFile : public testing::Test {
 protected:
  Path put(const std::string& content) const {
    std::ofstream(folder_ / "records", std::ios::binary) << content;
    return folder_ / "records";
  }
  std::string found(const Path& file, const SearchBounds& bounds = {}) const {
    const auto list = look_up_in_file(file, {.id = "7Q4M"}, bounds);
    return list ? words_of(*list) : list.error().text();
  }
  Folder folder_;
};

TEST_F(RecordFile, IsSearchedFromItsEndWhateverThePiecesAre) {
  const Path file = put(refusal("7Q4M", "first") + "\n" + refusal("7Q4M", "second") + "\n" + refusal("0001") + "\n\n");
  for (std::size_t at_once = 1; at_once < 600; ++at_once)
    ASSERT_EQ(found(file, {.octets_at_once = at_once}), "7Q4M second\n") << at_once;
  const Path first_line = put(refusal("7Q4M", "first") + "\n");
  for (const std::size_t at_once : {1UL, 7UL, 1000UL})
    EXPECT_EQ(found(first_line, {.octets_at_once = at_once}), "7Q4M first\n");
}

TEST_F(RecordFile, PassesOverWhatIsNoRecord) {
  const std::string record = refusal("7Q4M") + "\n";
  EXPECT_EQ(found(put(record + std::string(100'000, 'x') + "\n" + std::string(10, '\0') + "\n{\n")), "7Q4M why\n");
  EXPECT_EQ(found(put(record + refusal("7Q4M", "half").substr(0, 60))), "7Q4M why\n") << "it is being written";
  EXPECT_EQ(found(put(refusal("7Q4M", "no line break"))), "");
  EXPECT_EQ(found(put("")), "");
  EXPECT_EQ(found(put("\n\n\n")), "");
}

TEST_F(RecordFile, IsReadNoFurtherThanItsBounds) {
  const std::string record = refusal("7Q4M") + "\n";
  const Path file = put(record + std::string(5000, 'x') + "\n");
  EXPECT_EQ(found(file, {.octets = 5001}), "");
  EXPECT_EQ(found(file, {.octets = 5000 + record.size()}), "") << "its first octet is missing";
  EXPECT_EQ(found(file, {.octets = 5001 + record.size()}), "7Q4M why\n");
  EXPECT_EQ(found(file, {.longest_line = 50}), "");
  const Path longer = put("xx\n" + record + std::string(5000, 'x') + "\n");
  EXPECT_EQ(found(longer, {.octets = 5001 + record.size()}), "") << "whether the line begins there is not known";
  EXPECT_EQ(found(longer, {.octets = 5002 + record.size()}), "7Q4M why\n");
}

TEST_F(RecordFile, MayBeMissingOrNoFile) {
  EXPECT_EQ(found(folder_ / "nothing"), "");
  EXPECT_EQ(found(folder_.path()), "");
  EXPECT_EQ(found("/dev/zero"), "");
}

TEST_F(RecordFile, IsWhereASinkFindsWhatItHasForgotten) {
  const Path file = folder_ / "records";
  {
    const auto before = FileRecordSink::open(file).value();
    before->write(refusal("7Q4M", "before"));
  }
  const auto sink = FileRecordSink::open(file).value();
  EXPECT_EQ(words_of(sink->look_up({.id = "7Q4M"}).value()), "7Q4M before\n");
  EXPECT_TRUE(sink->look_up({.fingerprint = "ab"}).value().records.empty());
  sink->write(refusal("7Q4M", "now"));
  EXPECT_EQ(words_of(sink->look_up({.id = "7Q4M"}).value()), "7Q4M now\n") << "at once, written or not";
  std::filesystem::rename(file, folder_ / "rotated");
  ASSERT_TRUE(sink->reopen(file));
  EXPECT_EQ(words_of(sink->look_up({.id = "7Q4M"}).value()), "7Q4M now\n");
  EXPECT_TRUE(sink->look_up({.id = "0001"}).value().records.empty());
}

}  // namespace
}  // namespace symbolon::gateway
