// HTTP/1.1 on the wire (RFC 9112), free of I/O: parsers that are fed octets, and messages as octets.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "http/message.h"

namespace symbolon::http {

struct MessageLimits {
  std::size_t header_octets = 16 << 10;  // start line and header section
  std::size_t body_octets = 1 << 20;
};

// What stands between the octets read and the next message. Not thread-safe.
//
// Refused with bad_request, because peers of HTTP disagree about them (request smuggling): Content-Length beside
// Transfer-Encoding, several Content-Length, transfer codings other than chunked, a missing or second Host, targets
// other than origin-form, HTTP versions other than 1.0 and 1.1, control characters in a field. Refused with too_large:
// a header section or body above its limit.
class RequestParser {
 public:
  explicit RequestParser(MessageLimits limits);
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  // Takes octets as they come; what follows the end of the message is kept for the next one (pipelining).
  // After a failure the connection cannot be used further.
  Status feed(ByteView octets);
  bool complete() const;
  bool header_complete() const;
  // Octets of an unfinished message are there (so that the end of the stream means a cut).
  bool started() const;
  // The client waits for 100 Continue (RFC 9110 §10.1.1) and its body has not come.
  bool expects_continue() const;
  // May the connection be used after this message (RFC 9112 §9.3)? Valid when complete().
  bool keep_alive() const;
  // The complete message; the parser then stands at the next one, whose octets may be buffered (call feed({})).
  Request take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class ResponseParser {
 public:
  enum class BodyExpected : std::uint8_t { yes, no };  // no: the request was HEAD
  ResponseParser(MessageLimits limits, BodyExpected body);
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;
  ~ResponseParser();

  Status feed(ByteView octets);
  // The peer ended the stream: fails with truncated unless the message ends there (no Content-Length, not chunked).
  Status finish();
  bool complete() const;
  // What has come of the body so far, since the last take_body().
  std::string_view body() const;
  // The same, and it is not kept: take() gives what comes later.
  std::string take_body();
  int status() const;  // once something of a body has come, or complete()
  bool keep_alive() const;
  Response take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

enum class Persistence : std::uint8_t { keep_alive, close };

// Content-Length and Connection are added; Host must stand in the headers. Fails with bad_request when a field holds
// characters that would break the framing.
Result<std::string> to_wire(const Request& request);

// Adds Content-Length (Transfer-Encoding: chunked for a body that comes piece by piece, see chunk()), Connection, Date,
// and what keeps answers out of caches and sniffers (Cache-Control: no-store, X-Content-Type-Options: nosniff) unless
// it is set. A shared body is not among the octets: it follows them. An answer to HEAD has the Content-Length of its
// body, but no body.
struct ResponseForm {
  Persistence persistence = Persistence::keep_alive;
  ResponseParser::BodyExpected body = ResponseParser::BodyExpected::yes;
  UnixSeconds now;
};
Result<std::string> to_wire(const Response& response, const ResponseForm& form);

// RFC 9112 §7.1; an empty piece is the last chunk.
std::string chunk(std::string_view piece);

// RFC 9110 §5.6.7: "Sat, 21 Nov 2026 10:08:38 GMT".
std::string http_date(UnixSeconds time);

}  // namespace symbolon::http
