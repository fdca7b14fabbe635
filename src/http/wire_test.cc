#include "http/wire.h"

#include <gtest/gtest.h>

namespace symbolon::http {
namespace {

constexpr MessageLimits kLimits{.header_octets = 512, .body_octets = 64};

Result<Request> parse(std::string_view text) {
  RequestParser parser(kLimits);
  if (auto fed = parser.feed(as_bytes(text)); !fed) return std::unexpected(fed.error());
  if (!parser.complete()) return fail(Code::truncated, "not complete");
  return parser.take();
}

Code code_of(std::string_view text) {
  const auto request = parse(text);
  return request ? Code::connection_ended : request.error().code;
}

TEST(RequestParser, ReadsARequestWithItsBody) {
  const auto request = parse("POST /v1/x?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX-A:  v \r\n\r\nabc");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/v1/x?a=b");
  EXPECT_EQ(request->body, "abc");
  EXPECT_EQ(request->headers.find("x-a"), "v");
}

TEST(RequestParser, ReadsOctetByOctetWhatItReadsAtOnce) {
  const std::string text =
      "PUT /y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
  RequestParser parser(kLimits);
  for (char c : text) ASSERT_TRUE(parser.feed(as_bytes(std::string_view(&c, 1))));
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.take().body, "abcde");
  EXPECT_FALSE(parser.started());
}

TEST(RequestParser, TakesAnEmptyChunkedBodyInAnyPieces) {
  const std::string text = "PUT /y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece < 8; ++piece) {
    RequestParser parser(kLimits);
    for (std::size_t at = 0; at < text.size(); at += piece) {
      ASSERT_TRUE(parser.feed(as_bytes(std::string_view(text).substr(at, piece))));
    }
    EXPECT_TRUE(parser.complete());
  }
}

TEST(RequestParser, KeepsWhatFollowsForTheNextMessage) {
  RequestParser parser(kLimits);
  ASSERT_TRUE(parser.feed(as_bytes("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3")));
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.take().target, "/1");
  ASSERT_TRUE(parser.feed({}));
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.take().target, "/2");
  ASSERT_TRUE(parser.feed({}));
  EXPECT_FALSE(parser.complete());
  EXPECT_TRUE(parser.started());
}

TEST(RequestParser, RefusesWhatPeersWouldFrameDifferently) {
  for (const char* text : {
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc",
           "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
           "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
           "GET / HTTP/0.9\r\nHost: h\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: h\r\nX: a\001b\r\n\r\n",
           "G\tT / HTTP/1.1\r\nHost: h\r\n\r\n",
           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS ClientHello, more or less\r\n\r\n",
       }) {
    EXPECT_EQ(name(code_of(text)), name(Code::bad_request)) << text;
  }
}

TEST(RequestParser, HoldsItsLimits) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(code_of(head + "X: " + std::string(600, 'x') + "\r\n\r\n"), Code::too_large);
  EXPECT_EQ(code_of(head + "X: " + std::string(600, 'x')), Code::too_large);
  EXPECT_EQ(code_of(head + "Content-Length: 64\r\n\r\n" + std::string(64, 'b')), Code::connection_ended);
  EXPECT_EQ(code_of(head + "Content-Length: 65\r\n\r\n"), Code::too_large);
  EXPECT_EQ(code_of(head + "Transfer-Encoding: chunked\r\n\r\n41\r\n" + std::string(65, 'b')), Code::too_large);
  EXPECT_EQ(code_of(head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(600, 'x')), Code::too_large);
}

TEST(RequestParser, SaysWhetherTheConnectionGoesOn) {
  const auto keeps = [](std::string_view text) {
    RequestParser parser(kLimits);
    EXPECT_TRUE(parser.feed(as_bytes(text)));
    return parser.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\nHost: h\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(ResponseParser, ReadsWhatIsFramedByLengthByChunksAndByTheEnd) {
  const auto read = [](std::string_view text) {
    ResponseParser parser(kLimits, ResponseParser::BodyExpected::yes);
    EXPECT_TRUE(parser.feed(as_bytes(text)));
    EXPECT_TRUE(parser.finish());
    return parser.take().body;
  };
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), "abc");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), "abc");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\nabc"), "abc");
  EXPECT_EQ(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), "x");
}

TEST(ResponseParser, TellsACutAnswerFromAWholeOne) {
  for (const char* text : {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    ResponseParser parser(kLimits, ResponseParser::BodyExpected::yes);
    ASSERT_TRUE(parser.feed(as_bytes(text)));
    EXPECT_FALSE(parser.finish()) << text;
  }
}

TEST(ResponseParser, ExpectsNoBodyAfterHead) {
  ResponseParser parser(kLimits, ResponseParser::BodyExpected::no);
  ASSERT_TRUE(parser.feed(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")));
  EXPECT_TRUE(parser.complete());
}

TEST(ToWire, WritesNoFieldThatWouldBreakTheFraming) {
  Response response;
  response.headers.add("X", "a\r\nSet-Cookie: b");
  EXPECT_FALSE(to_wire(response, {}));
  Request request;
  request.target = "/a b";
  EXPECT_FALSE(to_wire(request));
  request.target = "/";
  request.headers.add("X:", "a");
  EXPECT_FALSE(to_wire(request));
}

TEST(ToWire, FramesAnAnswerSoThatTheParserReadsItBack) {
  Response response = make_response(201, kJson, "{}");
  response.headers.add("Content-Length", "77");  // ignored
  const auto text = to_wire(response, {.persistence = Persistence::close, .now = {1795255714}});
  ASSERT_TRUE(text);
  ResponseParser parser(kLimits, ResponseParser::BodyExpected::yes);
  ASSERT_TRUE(parser.feed(as_bytes(*text)));
  ASSERT_TRUE(parser.complete());
  EXPECT_FALSE(parser.keep_alive());
  const Response back = parser.take();
  EXPECT_EQ(back.status, 201);
  EXPECT_EQ(back.body, "{}");
  EXPECT_EQ(back.headers.find("Date"), "Sat, 21 Nov 2026 10:08:34 GMT");
  EXPECT_EQ(back.headers.find("Cache-Control"), "no-store");
}

TEST(ToWire, ASharedBodyFollowsTheOctets) {
  Response response;
  response.shared = std::make_shared<const std::string>(1000, 'x');
  const auto text = to_wire(response, {});
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("Content-Length: 1000\r\n"), std::string::npos);
  EXPECT_TRUE(text->ends_with("\r\n\r\n"));
}

TEST(HttpDate, IsTheFixedForm) {
  EXPECT_EQ(http_date({784111777}), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 §5.6.7
  EXPECT_EQ(http_date({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace symbolon::http
