#include "prove/entry.h"

#include <gtest/gtest.h>

namespace symbolon::prove {
namespace {

using tls::MisuseAlert;
using tls::MisuseEnd;
using tls::MisuseResult;

MisuseResult seen(MisuseEnd end, std::string data = {}, std::optional<MisuseAlert> alert = {}) {
  MisuseResult out;
  out.end = end;
  out.finished = true;
  out.application_data = std::move(data);
  out.alert_received = alert;
  return out;
}
constexpr MisuseAlert kFatal{true, 48, true};
constexpr MisuseAlert kWarning{false, 100, true};

TEST(Entry, AnAnswerOfHttpIsReadByItsStatus) {
  ASSERT_TRUE(read_http("HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello"));
  EXPECT_EQ(read_http("HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello")->status, 200);
  EXPECT_EQ(read_http("HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello")->body, "hello");
  EXPECT_EQ(read_http("HTTP/1.0 403")->status, 403);
  EXPECT_EQ(read_http("HTTP/1.1 200 OK\r\n")->body, "");
  for (const char* const other : {"", "HTTP/1.1", "HTTP/1.1 2", "HTTP/1.1 20x OK", "HTTP/2 200", "220 smtp ready"}) {
    EXPECT_FALSE(read_http(other)) << other;
  }
}

TEST(Entry, OnlyAnAnswerLetsIn) {
  EXPECT_EQ(classify(seen(MisuseEnd::closed, "HTTP/1.1 200 OK\r\n\r\n"), Ask::http), Entry::let_in);
  EXPECT_EQ(classify(seen(MisuseEnd::closed, "HTTP/1.1 404 Not Found\r\n\r\n"), Ask::http), Entry::let_in);
  EXPECT_EQ(classify(seen(MisuseEnd::data, "220 ready\r\n"), Ask::http), Entry::let_in);
  EXPECT_EQ(classify(seen(MisuseEnd::data, "PONG\r\n"), Ask::text), Entry::let_in);
  EXPECT_EQ(classify(seen(MisuseEnd::flood), Ask::http), Entry::let_in);
}

TEST(Entry, SilenceIsNeitherOne) {
  const Entry entry = classify(seen(MisuseEnd::silence), Ask::http);
  EXPECT_EQ(entry, Entry::silent);
  EXPECT_FALSE(is_refused(entry));
}

TEST(Entry, RefusalsInHttpAreRefusals) {
  for (const int status : {400, 401, 403, 421, 495, 496}) {
    const auto entry = classify(seen(MisuseEnd::closed, fmt::format("HTTP/1.1 {} No\r\n\r\n", status)), Ask::http);
    EXPECT_EQ(entry, Entry::refused_http) << status;
    EXPECT_TRUE(is_refused(entry));
  }
}

TEST(Entry, AFatalAlertRefusesWhateverWasSaidBefore) {
  EXPECT_EQ(classify(seen(MisuseEnd::alert, "", kFatal), Ask::http), Entry::refused_alert);
  EXPECT_EQ(classify(seen(MisuseEnd::alert, "220 ready\r\n", kFatal), Ask::text), Entry::refused_alert);
  EXPECT_EQ(classify(seen(MisuseEnd::data, "220 ready\r\n", kWarning), Ask::text), Entry::let_in);
  // An answer to the request is one, whatever follows.
  EXPECT_EQ(classify(seen(MisuseEnd::alert, "HTTP/1.1 200 OK\r\n\r\n", kFatal), Ask::http), Entry::let_in);
}

TEST(Entry, AnEndWithoutAWordIsARefusal) {
  for (const MisuseEnd end : {MisuseEnd::closed, MisuseEnd::cut, MisuseEnd::reset}) {
    EXPECT_EQ(classify(seen(end), Ask::http), Entry::cut);
  }
  EXPECT_TRUE(is_refused(Entry::cut));
}

TEST(Entry, WhatDidNotComeToAnEndIsNoRefusal) {
  EXPECT_EQ(classify(seen(MisuseEnd::timeout), Ask::http), Entry::late);
  EXPECT_EQ(classify(seen(MisuseEnd::failed), Ask::http), Entry::broken);
  for (const Entry entry : {Entry::late, Entry::broken, Entry::unreachable, Entry::silent, Entry::let_in}) {
    EXPECT_FALSE(is_refused(entry));
  }
}

TEST(Entry, TheWordsNameTheAlertAndNothingThatAServerSent) {
  const MisuseResult alert = seen(MisuseEnd::alert, "", kFatal);
  EXPECT_NE(describe(alert, Entry::refused_alert).find("48"), std::string::npos);
  const MisuseResult data = seen(MisuseEnd::data, "\x1b[31m evil");
  EXPECT_EQ(describe(data, Entry::let_in).find("evil"), std::string::npos);
}

}  // namespace
}  // namespace symbolon::prove
