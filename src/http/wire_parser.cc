// The parsers of http/wire.h, on Boost.Beast.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/wire.h"

namespace symbolon::http {

namespace {

namespace beast = boost::beast::http;

std::string text(boost::beast::string_view view) { return {view.data(), view.size()}; }

std::unexpected<Error> refuse(const boost::system::error_code& error) {
  if (error == beast::error::header_limit) return fail(Code::too_large, "the header section is longer than allowed");
  if (error == beast::error::body_limit) return fail(Code::too_large, "the body is longer than allowed");
  if (error == beast::error::partial_message) return fail(Code::truncated, "the message was cut");
  return fail(Code::bad_request, "not HTTP/1.1: {}", error.message());
}

template <typename Fields>
Status check_framing(const Fields& fields, unsigned version) {
  if (version != 10 && version != 11) return fail(Code::bad_request, "HTTP version {}.{}", version / 10, version % 10);
  const auto lengths = fields.count(beast::field::content_length);
  const auto codings = fields.count(beast::field::transfer_encoding);
  if (lengths > 1) return fail(Code::bad_request, "{} Content-Length fields", lengths);
  const std::string length = text(fields[beast::field::content_length]);
  if (length.find_first_not_of("0123456789") != std::string::npos) {
    return fail(Code::bad_request, "Content-Length '{}' is not a number", length);
  }
  if (codings == 0) return {};
  if (codings > 1 || lengths != 0) return fail(Code::bad_request, "contradicting fields of framing");
  const std::string coding = text(fields[beast::field::transfer_encoding]);
  if (version != 11 || !equal_without_case(coding, "chunked")) {
    return fail(Code::bad_request, "only the transfer coding chunked of HTTP/1.1 is understood");
  }
  return {};
}

template <typename Fields>
Headers headers_of(const Fields& fields) {
  Headers headers;
  for (const auto& field : fields) headers.add(text(field.name_string()), text(field.value()));
  return headers;
}

// Octets that no parser has consumed, and the parser of the message at hand.
template <typename Parser>
struct Feeding {
  explicit Feeding(MessageLimits limits_) : limits(limits_) { begin(); }

  void begin() {
    parser.emplace();
    parser->header_limit(static_cast<std::uint32_t>(limits.header_octets));
    parser->body_limit(limits.body_octets);
    parser->eager(true);
    header_checked = false;
  }

  // `check` is called once the header section is there.
  template <typename Check>
  Status feed(ByteView octets, Check check) {
    buffer.append(as_text(octets));
    std::size_t used = 0;
    Status outcome;
    while (outcome && !parser->is_done() && used < buffer.size() && !too_few(buffer.size() - used)) {
      boost::system::error_code error;
      const std::size_t taken =
          parser->put(boost::asio::const_buffer(buffer.data() + used, buffer.size() - used), error);
      used += taken;
      if (error && error != beast::error::need_more) outcome = refuse(error);
      if (outcome && parser->is_header_done() && !header_checked) {
        header_checked = true;
        outcome = check();
      }
      if (error == beast::error::need_more || (taken == 0 && !error)) break;
    }
    buffer.erase(0, used);
    if (!outcome) return outcome;
    // What waits for its end (a field, a chunk's size, a trailer) is bounded too.
    if (!parser->is_done() && buffer.size() > limits.header_octets) {
      return fail(Code::too_large, "a line of {} octets without end", buffer.size());
    }
    return {};
  }

  // A chunked body ends with "0\r\n\r\n": fewer octets than these complete nothing, and Beast 1.81 asserts when it is
  // given the last chunk in smaller pieces.
  bool too_few(std::size_t octets) const { return octets < 5 && parser->is_header_done() && parser->get().chunked(); }

  MessageLimits limits;
  std::string buffer;
  std::optional<Parser> parser;
  bool header_checked = false;
};

}  // namespace

struct RequestParser::Impl : Feeding<beast::request_parser<beast::string_body>> {
  using Feeding::Feeding;

  Status check() const {
    const auto& message = parser->get();
    if (auto framing = check_framing(message, message.version()); !framing) return framing;
    const auto hosts = message.count(beast::field::host);
    if (hosts > 1 || (hosts == 0 && message.version() == 11)) return fail(Code::bad_request, "{} Host fields", hosts);
    const auto target = message.target();
    if (target.empty() || target.front() != '/') return fail(Code::bad_request, "the target is not a path");
    return {};
  }
};

RequestParser::RequestParser(MessageLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

Status RequestParser::feed(ByteView octets) {
  return impl_->feed(octets, [this] { return impl_->check(); });
}
bool RequestParser::complete() const { return impl_->parser->is_done(); }
bool RequestParser::header_complete() const { return impl_->parser->is_header_done(); }
bool RequestParser::started() const { return impl_->parser->got_some() || !impl_->buffer.empty(); }
bool RequestParser::expects_continue() const {
  if (!header_complete() || complete()) return false;
  const auto& message = impl_->parser->get();
  return message.version() == 11 && equal_without_case(text(message[beast::field::expect]), "100-continue");
}
bool RequestParser::keep_alive() const { return impl_->parser->get().keep_alive(); }

Request RequestParser::take() {
  ENSURE(complete());
  auto message = impl_->parser->release();
  Request request{.method = text(message.method_string()),
                  .target = text(message.target()),
                  .headers = headers_of(message),
                  .body = std::move(message.body())};
  impl_->begin();
  return request;
}

struct ResponseParser::Impl : Feeding<beast::response_parser<beast::string_body>> {
  Impl(MessageLimits limits_, BodyExpected body_) : Feeding(limits_), body(body_) { restart(); }

  void restart() {
    begin();
    parser->skip(body == BodyExpected::no);
  }
  bool interim() const { return parser->get().result_int() / 100 == 1; }

  BodyExpected body;
};

ResponseParser::ResponseParser(MessageLimits limits, BodyExpected body) : impl_(std::make_unique<Impl>(limits, body)) {}
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;
ResponseParser::~ResponseParser() = default;

Status ResponseParser::feed(ByteView octets) {
  const auto check = [this] { return check_framing(impl_->parser->get(), impl_->parser->get().version()); };
  auto outcome = impl_->feed(octets, check);
  while (outcome && impl_->parser->is_done() && impl_->interim()) {  // RFC 9110 §15.2: the real one follows
    impl_->restart();
    outcome = impl_->feed({}, check);
  }
  return outcome;
}

Status ResponseParser::finish() {
  if (complete()) return {};
  if (!impl_->parser->got_some()) return fail(Code::truncated, "the connection ended before the answer");
  boost::system::error_code error;
  impl_->parser->put_eof(error);
  if (error) return refuse(error);
  return {};
}
bool ResponseParser::complete() const { return impl_->parser->is_done(); }
std::string_view ResponseParser::body() const { return impl_->parser->get().body(); }
std::string ResponseParser::take_body() { return std::exchange(impl_->parser->get().body(), {}); }
int ResponseParser::status() const { return static_cast<int>(impl_->parser->get().result_int()); }
bool ResponseParser::keep_alive() const { return impl_->parser->get().keep_alive(); }

Response ResponseParser::take() {
  ENSURE(complete());
  auto message = impl_->parser->release();
  return {.status = static_cast<int>(message.result_int()),
          .headers = headers_of(message),
          .body = std::move(message.body()),
          .source = nullptr};
}

}  // namespace symbolon::http
