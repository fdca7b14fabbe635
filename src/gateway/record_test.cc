#include "gateway/record.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <set>

#include "gateway/json_line.h"
#include "gateway/record_sink.h"
#include "gateway/source_limit.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::gateway {
namespace {

using x509::testing::Folder;
using x509::testing::Forge;
using x509::testing::forge;
using x509::testing::kNow;

TEST(JsonLine, TextOfAnyOriginStaysOneLineOfValidJson) {
  for (const std::string& text :
       {std::string("plain"), std::string("\"quotes\" \\ and \n lines \r\t"), std::string("nul \0 inside", 12),
        std::string("\x1b[31mred"), std::string("\xff\xfe"), std::string("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
        std::string("\xed\xa0\x80"), std::string("\xc0\xaf"), std::string("\xe2\x82"),
        std::string("\xc2\x9b"
                    "31m")}) {
    JsonLine line;
    line.add("text", text).add_list("list", {text, text});
    const std::string json = std::move(line).finish();
    for (const char c : json) EXPECT_GE(static_cast<std::uint8_t>(c), 0x20) << json;
    boost::system::error_code error;
    const auto value = boost::json::parse(json, error);
    ASSERT_FALSE(error) << json;
    if (text.find_first_of("\xff\xfe\xed\xc0") == std::string::npos && text != "\xe2\x82") {
      EXPECT_EQ(std::string(value.at("text").as_string()), text);
    }
  }
}

TEST(RecordId, ComesOnceAndIsReadable) {
  std::set<std::string> seen;
  for (int i = 0; i < 100'000; ++i) {
    const std::string id = next_record_id();
    ASSERT_EQ(id.size(), 4U);
    ASSERT_EQ(id.find_first_of("ILOU"), std::string::npos);
    ASSERT_TRUE(seen.insert(id).second) << id;
  }
}

TEST(Record, ARefusalCarriesEveryFactThatAnOperatorNeeds) {
  const auto issuer = forge().ca("r-ca", "Issuing CA");
  const auto leaf = forge().certificate(
      "r-leaf", "", "r-ca",
      Forge::with(Forge::kClient, fmt::format(R"("subject": [["O", "Evil\u0007\"Corp"], ["CN", "alice"]],
                                  "names": ["dns:a.example"], "serial": "0a1b",
                                  "not_before": {}, "not_after": {})",
                                              kNow.count - 9 * 86400, kNow.count - 3 * 86400)));
  tls::Refusal refusal;
  refusal.code = Code::client_certificate_expired;
  refusal.words = "it ended";
  refusal.presented = {leaf, issuer};
  refusal.alert_sent = 45;
  refusal.server_name = "a.example";
  refusal.version = "TLSv1.3";
  refusal.rejection = tls::Rejection{.code = refusal.code,
                                     .words = "it ended",
                                     .index = 0,
                                     .certificate = leaf,
                                     .rule = "rfc5280.not_after",
                                     .limit = leaf.validity().not_after,
                                     .identity = {}};
  const net::PeerAddress peer{"192.0.2.7", 4711};
  const auto record = boost::json::parse(refused_record({kNow, "7Q4M", "web", &peer}, refusal, 5)).as_object();
  const auto text = [&](const char* key) { return std::string(record.at(key).as_string()); };
  EXPECT_EQ(text("record"), "refused");
  EXPECT_EQ(text("time"), "2027-01-15T08:00:00Z");
  EXPECT_EQ(text("id"), "7Q4M");
  EXPECT_EQ(text("route"), "web");
  EXPECT_EQ(text("peer"), "192.0.2.7:4711");
  EXPECT_EQ(text("code"), "client_certificate_expired");
  EXPECT_EQ(text("fault"), "peer");
  EXPECT_EQ(text("sentence"), row(refusal.code).sentence);
  EXPECT_EQ(text("remedy"), row(refusal.code).remedy);
  EXPECT_EQ(text("by"), "3 days");
  EXPECT_EQ(text("limit"), "2027-01-12T08:00:00Z");
  EXPECT_EQ(text("possession"), "unproven");
  EXPECT_EQ(text("server_name"), "a.example");
  EXPECT_EQ(text("version"), "TLSv1.3");
  EXPECT_EQ(record.at("alert_sent").as_object().at("number").as_int64(), 45);
  EXPECT_EQ(record.at("suppressed").as_int64(), 5);
  const auto& certificate = record.at("certificate").as_object();
  EXPECT_EQ(std::string(certificate.at("serial").as_string()), "0a1b");
  EXPECT_EQ(std::string(certificate.at("issuer").as_string()), "CN=Issuing CA");
  EXPECT_EQ(std::string(certificate.at("san").as_array().at(0).as_string()), "dns:a.example");
  EXPECT_TRUE(certificate.contains("subject_key_id"));
  EXPECT_TRUE(certificate.contains("authority_key_id"));
  EXPECT_EQ(record.at("certificate_index").as_int64(), 0);
}

TEST(FileRecordSink, WritesLinesInOrderAndAppends) {
  const Folder folder;
  for (int round = 0; round < 2; ++round) {
    const auto sink = FileRecordSink::open(Path(folder / "records")).value();
    for (int i = 0; i < 1000; ++i) sink->write(fmt::format("{{\"n\":{}}}", i));
  }
  std::istringstream lines(folder.get("records"));
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) EXPECT_EQ(line, fmt::format("{{\"n\":{}}}", count++ % 1000));
  EXPECT_EQ(count, 2000);
}

TEST(FileRecordSink, CountsWhatIsLostAndTellsItInTheNextRecord) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::string read;
  std::uint64_t lost = 0;
  std::thread reader;
  {
    FileRecordSink sink(ends[1], {.most_waiting = 100});
    const std::string large(10'000, 'x');
    for (int i = 0; i < 1000; ++i)
      sink.write("{\"r\":\"" + large + "\"}");  // nobody reads: the pipe fills, then the queue
    lost = sink.lost();
    EXPECT_GT(lost, 0U);
    reader = std::thread([&] {
      char buffer[65536];
      for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof(buffer))) > 0;)
        read.append(buffer, static_cast<std::size_t>(n));
    });
    while (true) {  // until the queue has room again
      const std::uint64_t before = sink.lost();
      sink.write("{\"r\":\"next\"}");
      if (sink.lost() == before) break;
      lost = sink.lost();
      std::this_thread::yield();
    }
  }
  reader.join();  // the sink has closed its end
  // Whatever was lost is told, by one record or by several.
  constexpr std::string_view kLost = "\"lost\":";
  std::uint64_t told = 0;
  for (auto at = read.find(kLost); at != std::string::npos; at = read.find(kLost, at + 1)) {
    told += std::stoull(read.substr(at + kLost.size()));
  }
  EXPECT_EQ(told, lost);
  ::close(ends[0]);
}

TEST(SourceLimit, BoundsEachSourceAndCountsWhatItLeavesOut) {
  SourceLimit limit({.burst = 3, .per_second = 1, .sources = 2});
  auto now = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.ask("192.0.2.1", now).write);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.ask("192.0.2.1", now).write);
  EXPECT_TRUE(limit.ask("192.0.2.2", now).write);
  now += std::chrono::seconds(1);
  const auto again = limit.ask("192.0.2.1", now);
  EXPECT_TRUE(again.write);
  EXPECT_EQ(again.suppressed, 5U);
}

TEST(SourceLimit, EachServiceIsASourceOfItsOwn) {
  SourceLimit limit({.burst = 1, .per_second = 0, .sources = 10});
  const auto now = std::chrono::steady_clock::now();
  for (const std::string service :
       {"db.internal:5432 at 10.0.0.7:5432", "db.internal:5432 at 10.0.0.8:5432", "unix:/a"}) {
    EXPECT_TRUE(limit.ask(service_key(service), now).write) << service;
    EXPECT_FALSE(limit.ask(service_key(service), now).write) << service;
  }
  EXPECT_TRUE(limit.ask("10.0.0.7", now).write);
}

TEST(SourceLimit, OneHostOfIpv6IsASlash64AndForgottenSourcesAreCounted) {
  SourceLimit limit({.burst = 1, .per_second = 0, .sources = 2});
  const auto now = std::chrono::steady_clock::now();
  EXPECT_TRUE(limit.ask("2001:db8::1", now).write);
  EXPECT_FALSE(limit.ask("2001:db8::2", now).write);
  EXPECT_TRUE(limit.ask("2001:db8:0:1::1", now).write);
  const auto third = limit.ask("192.0.2.1", now);  // the first source is forgotten
  EXPECT_TRUE(third.write);
  EXPECT_EQ(third.suppressed, 1U);
}

}  // namespace
}  // namespace symbolon::gateway
