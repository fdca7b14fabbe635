// LDAP, PostgreSQL and MySQL: messages with a length.
#include <fmt/format.h>

#include "check/printable.h"
#include "check/starttls_machine.h"

namespace symbolon::check {
namespace {

std::uint8_t octet(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

template <std::size_t N>
std::string octets(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

// -- LDAP

// RFC 4511 §5.1: BER with definite lengths, and tags of one octet in all that is read here.
struct Element {
  std::uint8_t tag = 0;
  std::string_view content;
  std::size_t size = 0;  // with tag and length
};

// A message is read when it is whole.
enum class Reading : std::uint8_t { whole, incomplete, malformed };

Reading read_element(std::string_view from, Element& out) {
  if (from.size() < 2) return Reading::incomplete;
  out.tag = octet(from, 0);
  std::size_t length = octet(from, 1);
  std::size_t begin = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7F;
    if (count == 0 || count > 4) return Reading::malformed;
    if (from.size() < 2 + count) return Reading::incomplete;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | octet(from, 2 + i);
    begin += count;
  }
  if (length > StartTlsLimits::kOctets) return Reading::malformed;
  if (from.size() - begin < length) return Reading::incomplete;
  out.content = from.substr(begin, length);
  out.size = begin + length;
  return Reading::whole;
}

class Elements {
 public:
  explicit Elements(std::string_view rest) : rest_(rest) {}
  // The next one, if it has this tag.
  std::optional<std::string_view> next(std::uint8_t tag) {
    Element element;
    if (read_element(rest_, element) != Reading::whole || element.tag != tag) return {};
    rest_.remove_prefix(element.size);
    return element.content;
  }

 private:
  std::string_view rest_;
};

struct ExtendedResponse {
  std::uint8_t message = 0;
  std::uint8_t result = 0;
  std::string_view diagnostic;
};

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kEnumerated = 0x0A;
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kExtendedResponse = 0x78;  // [APPLICATION 24], constructed

// RFC 4511 §4.12.
std::optional<ExtendedResponse> read_response(std::string_view message) {
  Elements outer(message);
  const auto id = outer.next(kInteger);
  const auto response = outer.next(kExtendedResponse);
  if (!id || id->size() != 1 || !response) return {};
  Elements inner(*response);
  const auto result = inner.next(kEnumerated);
  const auto matched = inner.next(kOctetString);
  const auto diagnostic = inner.next(kOctetString);
  if (!result || result->size() != 1 || !matched || !diagnostic) return {};
  return ExtendedResponse{octet(*id, 0), octet(*result, 0), *diagnostic};
}

// RFC 4511 §4.1.9, those that §4.14.2 and §4.4.1 speak of.
std::string_view result_name(std::uint8_t result) {
  switch (result) {
    case 0: return "success";
    case 1: return "operationsError";
    case 2: return "protocolError";
    case 8: return "strongerAuthRequired";
    case 10: return "referral";
    case 13: return "confidentialityRequired";
    case 51: return "busy";
    case 52: return "unavailable";
    case 53: return "unwillingToPerform";
    case 80: return "other";
    default: return "another";
  }
}

class Ldap final : public StartTlsMachine {
  Step begin() override {
    // LDAPMessage { messageID 1, [APPLICATION 23] { [0] "1.3.6.1.4.1.1466.20037" } }
    return {.send = octets("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                           "1.3.6.1.4.1.1466.20037"),
            .says = "ExtendedRequest StartTLS (1.3.6.1.4.1.1466.20037)"};
  }

  Result<Step> take(std::string_view came) override {
    if (octet(came, 0) != kSequence) return other_protocol("ldap", came);
    Element message;
    switch (read_element(came, message)) {
      case Reading::incomplete: return Step{};
      case Reading::malformed: return other_protocol("ldap", came);
      case Reading::whole: break;
    }
    const auto response = read_response(message.content);
    if (!response) return other_protocol("ldap", came);
    const std::string words =
        fmt::format("ExtendedResponse {} ({}){}{}", response->result, result_name(response->result),
                    response->diagnostic.empty() ? "" : ", ", printable(response->diagnostic.substr(0, 120)));
    // RFC 4511 §4.4.1: the Notice of Disconnection has the message id 0.
    if (response->message == 0) return fail(Code::starttls_refused, "the server takes its leave: {}", words);
    // RFC 4511 §4.14.2: protocolError where it is not supported.
    if (response->result == 2) return fail(Code::starttls_not_offered, "{}", words);
    if (response->message != 1 || response->result != 0) return fail(Code::starttls_refused, "{}", words);
    return Step{.used = message.size, .heard = words, .ready = true};
  }
};

// -- PostgreSQL

// "SSL Session Encryption" in the chapter on its message flow: one octet answers the SSLRequest.
class Postgres final : public StartTlsMachine {
  Step begin() override { return {.send = octets("\x00\x00\x00\x08\x04\xd2\x16\x2f"), .says = "SSLRequest"}; }

  Result<Step> take(std::string_view came) override {
    switch (came[0]) {
      case 'S': return Step{.used = 1, .ready = true};
      case 'N': return fail(Code::starttls_not_offered, "SSLRequest was answered with N: `ssl` is off at the server");
      case 'E': return on_error(came);
      default: return other_protocol("postgres", came);
    }
  }

  // ErrorResponse: a length, which counts itself, and fields: a type, a text, NUL.
  static Result<Step> on_error(std::string_view came) {
    if (came.size() < 5) return Step{};
    std::size_t length = 0;
    for (std::size_t i = 1; i < 5; ++i) length = length << 8 | octet(came, i);
    if (length < 4 || length > StartTlsLimits::kLine) return other_protocol("postgres", came);
    if (came.size() < 1 + length) return Step{};
    std::string_view fields = came.substr(5, length - 4);
    std::string_view message;
    while (!fields.empty() && fields[0] != 0) {
      const std::size_t end = fields.find('\0');
      if (end == std::string_view::npos) break;
      if (fields[0] == 'M') message = fields.substr(1, end - 1);
      fields.remove_prefix(end + 1);
    }
    return fail(Code::starttls_refused, "SSLRequest was answered with an error: {}", in_quotes(message));
  }
};

// -- MySQL

constexpr std::uint32_t kClientLongPassword = 0x0001;
constexpr std::uint32_t kClientProtocol41 = 0x0200;
constexpr std::uint32_t kClientSsl = 0x0800;
constexpr std::uint32_t kClientSecureConnection = 0x8000;

// "Protocol::HandshakeV10" and "Protocol::SSLRequest": the server speaks first, and there is no go-ahead.
class Mysql final : public StartTlsMachine {
  Result<Step> take(std::string_view came) override {
    if (came.size() < 5) return Step{};
    const std::size_t length = octet(came, 0) | std::size_t{octet(came, 1)} << 8 | std::size_t{octet(came, 2)} << 16;
    if (length == 0 || length > StartTlsLimits::kLine || octet(came, 3) != 0) return other_protocol("mysql", came);
    const std::uint8_t kind = octet(came, 4);
    if (kind != 10 && kind != 0xFF) return other_protocol("mysql", came);
    if (came.size() < 4 + length) return Step{};
    const std::string_view payload = came.substr(4, length);
    if (kind == 0xFF) return on_error(payload);
    Step step = TRY(on_handshake(payload));
    step.used = 4 + length;
    return step;
  }

  static Result<Step> on_error(std::string_view payload) {
    if (payload.size() < 3) return other_protocol("mysql", payload);
    const unsigned code = octet(payload, 1) | unsigned{octet(payload, 2)} << 8;
    return fail(Code::starttls_refused, "the server greets with error {}: {}", code, in_quotes(payload.substr(3)));
  }

  // Version (to NUL), thread 4, a part of the nonce 8, filler 1, capabilities 2.
  static Result<Step> on_handshake(std::string_view payload) {
    const std::size_t end = payload.find('\0', 1);
    if (end == std::string_view::npos || payload.size() < end + 1 + 4 + 8 + 1 + 2)
      return fail(Code::starttls_wrong_protocol, "the server's handshake of {} octets is cut short", payload.size());
    const std::size_t at = end + 1 + 4 + 8 + 1;
    const unsigned capabilities = octet(payload, at) | unsigned{octet(payload, at + 1)} << 8;
    const std::string version = printable(payload.substr(1, end - 1).substr(0, 60));
    if ((capabilities & kClientSsl) == 0)
      return fail(Code::starttls_not_offered,
                  "the handshake of \"{}\" has the capabilities 0x{:04x}, without CLIENT_SSL", version, capabilities);
    return Step{.send = request(),
                .heard = fmt::format("handshake of {}, with CLIENT_SSL", version),
                .says = "SSLRequest",
                .ready = true};
  }

  static std::string request() {
    constexpr std::uint32_t kCapabilities =
        kClientLongPassword | kClientProtocol41 | kClientSsl | kClientSecureConnection;
    std::string out = octets("\x20\x00\x00\x01");  // 32 octets, sequence number 1
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(kCapabilities >> shift & 0xFF);
    out += octets("\x00\x00\x00\x01");  // the largest packet, 16 MiB
    out += '\x2d';                      // utf8mb4_general_ci
    return out + std::string(23, '\0');
  }
};

}  // namespace

std::unique_ptr<StartTlsMachine> ldap_machine() { return std::make_unique<Ldap>(); }
std::unique_ptr<StartTlsMachine> postgres_machine() { return std::make_unique<Postgres>(); }
std::unique_ptr<StartTlsMachine> mysql_machine() { return std::make_unique<Mysql>(); }

}  // namespace symbolon::check
