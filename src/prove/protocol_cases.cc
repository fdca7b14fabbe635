// What TLS itself allows that a mutual endpoint must not.
#include "prove/cases.h"

namespace symbolon::prove::protocol {
namespace {

constexpr std::string_view kOnly13 = "only TLS 1.3 is spoken, which has no renegotiation";

// RFC 9113 §4.1: a frame.
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, const std::string& payload) {
  std::string out;
  const auto put = [&](std::size_t value, int octets) {
    for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xffU);
  };
  put(payload.size(), 3);
  put(type, 1);
  put(flags, 1);
  put(stream, 4);
  return out + payload;
}

// RFC 7541 §6.2.2: a literal field whose name stands in the static table; at most 126 octets, not Huffman-coded.
std::string literal(std::uint8_t name_index, const std::string& value) {
  const std::string shown = value.substr(0, 126);
  return std::string(1, static_cast<char>(name_index)) + static_cast<char>(shown.size()) + shown;
}

// The preface, SETTINGS, and GET in one HEADERS frame that ends its stream.
std::string http2_request(const Target& target) {
  constexpr std::uint8_t kSettings = 4;
  constexpr std::uint8_t kHeaders = 1;
  constexpr std::uint8_t kEndOfStreamAndHeaders = 0x05;
  const std::string host = target.server_name.empty() ? "localhost" : target.server_name;
  const std::string fields = "\x82\x87" + literal(4, target.path) + literal(1, host);  // :method GET, :scheme https
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, {}) +
         frame(kHeaders, kEndOfStreamAndHeaders, 1, fields);
}

}  // namespace

Outcome old_versions(Grounds& grounds) {
  tls::MisuseOptions options = grounds.visitor.as(grounds.good);
  options.least = tls::ProtocolVersion::tls10;
  options.most = tls::ProtocolVersion::tls11;
  const Visit visit = grounds.visit(options);
  if (visit.tls.version) return failed(fmt::format("{} was chosen", tls::name(*visit.tls.version)));
  if (is_refused(visit.entry)) return pass(visit.words());
  return unclear(visit.words());
}

Outcome secure_renegotiation(Grounds& grounds) {
  if (!grounds.speaks_12) return not_run(std::string(kOnly13));
  const Visit visit = grounds.visit(grounds.visitor.as(grounds.good, tls::ProtocolVersion::tls12));
  if (!visit.tls.version) return unclear(visit.words());
  if (!visit.tls.secure_renegotiation) return failed("renegotiation_info is missing in ServerHello");
  return pass("renegotiation_info is there");
}

Outcome client_renegotiation(Grounds& grounds) {
  if (!grounds.speaks_12) return not_run(std::string(kOnly13));
  tls::MisuseOptions options = grounds.visitor.as(grounds.good, tls::ProtocolVersion::tls12);
  options.renegotiate = true;
  const Visit visit = grounds.visit(options);
  switch (visit.tls.renegotiation) {
    case tls::Renegotiation::completed: return failed("it was done");
    case tls::Renegotiation::refused: {
      const int alert = visit.tls.alert_received ? visit.tls.alert_received->description : 0;
      return pass(fmt::format("refused by the alert {} ({})", alert_name(alert), alert));
    }
    case tls::Renegotiation::ended: return pass("the connection was ended");
    case tls::Renegotiation::ignored: return pass("it was ignored");
    case tls::Renegotiation::not_asked: break;
  }
  return unclear(fmt::format("it could not be asked for: {}", visit.words()));
}

Outcome post_handshake_auth(Grounds& grounds) {
  tls::MisuseOptions options = grounds.visitor.as(grounds.good);
  options.alpn = {"h2"};
  options.post_handshake_auth = true;
  options.request = http2_request(grounds.visitor.target());
  const Visit visit = grounds.visit(options);
  if (visit.tls.alpn != "h2") return not_run("HTTP/2 is not spoken");
  if (visit.tls.version != tls::ProtocolVersion::tls13) return not_run("TLS 1.2 was chosen, which has none");
  if (visit.tls.certificate_requested_late) return failed("a certificate was asked for after the handshake");
  if (visit.tls.finished) return pass("no certificate was asked for after the handshake");
  return unclear(visit.words());
}

}  // namespace symbolon::prove::protocol
