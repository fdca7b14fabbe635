// Whatever a server answers: the parser ends in a message or in a failure, the same however the octets are cut; the
// Error of any answer can be sent on as a problem with the same code.
#include <cstdint>

#include "enroll/ndjson.h"
#include "http/problem.h"
#include "http/wire.h"

namespace {

using namespace symbolon;

constexpr http::MessageLimits kLimits{.header_octets = 1024, .body_octets = 256};

Result<http::Response> parse(ByteView octets, std::size_t piece) {
  http::ResponseParser parser(kLimits, http::ResponseParser::BodyExpected::yes);
  while (!octets.empty() && !parser.complete()) {
    const ByteView now = octets.first(std::min(piece, octets.size()));
    octets = octets.subspan(now.size());
    if (auto fed = parser.feed(now); !fed) return std::unexpected(fed.error());
  }
  if (auto finished = parser.finish(); !finished) return std::unexpected(finished.error());
  return parser.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets(data, size);
  const auto whole = parse(octets, size + 1);
  const auto cut = parse(octets, 1);
  ENSURE(whole.has_value() == cut.has_value());
  if (!whole) return 0;
  ENSURE(whole->status == cut->status && whole->body == cut->body);
  const Error error = http::error_of(*whole);
  ENSURE(http::error_of(http::problem(error)).code == error.code);
  enroll::LineReader lines({});
  if (const auto result = lines.finish(whole->body)) ENSURE(!result->empty());
  return 0;
}
