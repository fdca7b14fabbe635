// A server may say anything before TLS: the dialogue comes to the same end however that is cut into pieces, within its
// bounds, and what is remembered of it can be shown on a terminal.
// Input: the protocol (1 octet), octets of the server.
#include <algorithm>
#include <array>

#include "check/greeting.h"
#include "check/starttls.h"

namespace {

using namespace symbolon;

struct Outcome {
  std::string sent;
  std::vector<check::Said> said;
  bool ready = false;
  Code code = Code::connection_ended;
  bool operator==(const Outcome&) const = default;
};

bool is_printable(const check::Said& said) {
  return said.text.size() <= 4 * check::StartTlsLimits::kShown + 3 &&
         std::ranges::all_of(said.text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

Outcome talk(check::StartTls protocol, std::string_view server, std::size_t piece) {
  check::StartTlsDialogue dialogue(protocol, {"mail.example", "[192.0.2.1]"});
  Outcome out;
  out.sent = dialogue.take_output();
  for (; !server.empty(); server.remove_prefix(std::min(piece, server.size()))) {
    const Status taken = dialogue.take(as_bytes(server.substr(0, piece)));
    if (!taken) return {{}, {}, false, taken.error().code};
    out.sent += dialogue.take_output();
  }
  ENSURE(dialogue.said().size() <= check::StartTlsLimits::kSaid);
  ENSURE(std::ranges::all_of(dialogue.said(), is_printable));
  out.said = dialogue.said();
  out.ready = dialogue.ready();
  if (!out.ready) (void)dialogue.ended("it ended");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> kNames = check::starttls_names();
  if (size == 0) return 0;
  const auto protocol = *check::starttls_from_name(kNames[data[0] % kNames.size()]);
  const std::string_view server(reinterpret_cast<const char*>(data + 1), size - 1);
  (void)check::recognize(server);
  const Outcome whole = talk(protocol, server, std::max<std::size_t>(server.size(), 1));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{64}})
    ENSURE(talk(protocol, server, piece) == whole);
  constexpr std::array kCodes{Code::connection_ended,        Code::starttls_not_offered, Code::starttls_refused,
                              Code::starttls_wrong_protocol, Code::tls_at_once,          Code::peer_sends_too_much};
  ENSURE(std::ranges::find(kCodes, whole.code) != kCodes.end());
  return 0;
}
