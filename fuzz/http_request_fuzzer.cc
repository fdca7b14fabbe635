// Whatever a client sends: the parser reads the same messages however the octets are cut, none beyond its limits, and
// each message written again is read as the same message.
#include <cstdint>
#include <vector>

#include "http/target.h"
#include "http/wire.h"

namespace {

using namespace symbolon;

constexpr http::MessageLimits kLimits{.header_octets = 1024, .body_octets = 256};

struct Outcome {
  std::vector<http::Request> requests;
  std::string last;  // code of the failure that ended it
};

Outcome parse(ByteView octets, std::size_t piece) {
  Outcome out;
  http::RequestParser parser(kLimits);
  Status status;
  while (status && !octets.empty()) {
    const ByteView now = octets.first(std::min(piece, octets.size()));
    octets = octets.subspan(now.size());
    status = parser.feed(now);
    while (status && parser.complete()) {
      out.requests.push_back(parser.take());
      status = parser.feed({});
    }
  }
  if (!status) out.last = name(status.error().code);
  return out;
}

bool same(const http::Request& a, const http::Request& b) {
  return a.method == b.method && a.target == b.target && a.body == b.body &&
         std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end());
}

void check_target(const std::string& text) {
  const auto target = http::Target::parse(text);
  if (!target) return;
  std::string again = target->segments.empty() ? "/" : "";
  for (const std::string& segment : target->segments) again += "/" + http::percent_encode(segment);
  const auto back = http::Target::parse(again);
  ENSURE(back.has_value() && back->segments == target->segments);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets(data, size);
  const Outcome whole = parse(octets, size + 1);
  const Outcome cut = parse(octets, 1);
  ENSURE(whole.requests.size() == cut.requests.size());
  for (std::size_t i = 0; i < whole.requests.size(); ++i) {
    const http::Request& request = whole.requests[i];
    ENSURE(same(request, cut.requests[i]));
    ENSURE(request.body.size() <= kLimits.body_octets);
    ENSURE(request.target.starts_with('/'));
    check_target(request.target);
    http::Request stripped{.method = request.method, .target = request.target, .headers = {}, .body = request.body};
    stripped.headers.add("Host", "h");
    const auto wire = http::to_wire(stripped);
    if (!wire) continue;  // octets above 0x7e in the target are read, never written
    const Outcome again = parse(as_bytes(*wire), size + 1);
    ENSURE(again.requests.size() == 1 && again.requests[0].body == request.body);
    ENSURE(again.requests[0].target == request.target);
  }
  return 0;
}
