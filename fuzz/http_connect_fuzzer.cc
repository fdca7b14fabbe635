// A proxy's answer to CONNECT ends the same however it is cut into pieces, and takes nothing that follows its head.
#include "net/http_connect.h"

namespace {

struct Outcome {
  std::size_t taken = 0;
  bool connected = false;
  symbolon::Code code = symbolon::Code::connection_ended;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view text, std::size_t piece) {
  symbolon::net::ConnectAnswer answer;
  Outcome out;
  while (!text.empty() && !out.connected) {
    const std::string_view now = text.substr(0, piece);
    const auto taken = answer.take(now);
    if (!taken) return {0, false, taken.error().code};
    ENSURE(*taken == now.size() || answer.connected());
    out.taken += *taken;
    out.connected = answer.connected();
    text.remove_prefix(now.size());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using symbolon::Code;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read(text, text.size());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) ENSURE(read(text, piece) == whole);
  ENSURE(whole.code == Code::connection_ended || whole.code == Code::proxy_refused ||
         whole.code == Code::proxy_authentication || whole.code == Code::proxy_malformed);
  ENSURE(whole.taken <= symbolon::net::kLongestConnectAnswer);
  if (whole.connected) ENSURE(text.substr(0, whole.taken).ends_with('\n'));
  return 0;
}
