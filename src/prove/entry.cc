#include "prove/entry.h"

#include <fmt/format.h>

#include "base/codes.h"
#include "http/refusal_status.h"

namespace symbolon::prove {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<HttpAnswer> read_http(std::string_view data) {
  // RFC 9112 §4: HTTP-version SP status-code SP [ reason-phrase ]
  constexpr std::size_t kStatusAt = 9;  // "HTTP/1.1 "
  if (!data.starts_with("HTTP/1.") || data.size() < kStatusAt + 3 || data[kStatusAt - 1] != ' ') return {};
  HttpAnswer out;
  for (const char c : data.substr(kStatusAt, 3)) {
    if (!is_digit(c)) return {};
    out.status = out.status * 10 + (c - '0');
  }
  const std::size_t head = data.find("\r\n\r\n");
  if (head != std::string_view::npos) out.body = std::string(data.substr(head + 4));
  return out;
}

Entry classify(const tls::MisuseResult& seen, Ask ask) {
  const bool fatal = seen.alert_received && seen.alert_received->fatal;
  if (ask == Ask::http) {
    if (const auto answer = read_http(seen.application_data)) {
      return http::refuses_client(answer->status) ? Entry::refused_http : Entry::let_in;
    }
  }
  if (fatal) return Entry::refused_alert;  // before it a server may have spoken first, to anybody
  if (!seen.application_data.empty()) return Entry::let_in;
  switch (seen.end) {
    case tls::MisuseEnd::alert: return Entry::refused_alert;
    case tls::MisuseEnd::data:
    case tls::MisuseEnd::flood: return Entry::let_in;
    case tls::MisuseEnd::closed:
    case tls::MisuseEnd::cut:
    case tls::MisuseEnd::reset: return Entry::cut;
    case tls::MisuseEnd::silence: return Entry::silent;
    case tls::MisuseEnd::timeout: return Entry::late;
    case tls::MisuseEnd::failed: return Entry::broken;
  }
  return Entry::broken;
}

bool is_refused(Entry entry) {
  return entry == Entry::refused_alert || entry == Entry::refused_http || entry == Entry::cut;
}

std::string describe(const tls::MisuseResult& seen, Entry entry) {
  switch (entry) {
    case Entry::let_in: {
      const auto answer = read_http(seen.application_data);
      return answer ? fmt::format("let in: HTTP {}", answer->status)
                    : fmt::format("let in: {} octets came", seen.application_data.size());
    }
    case Entry::refused_alert: {
      const int alert = seen.alert_received ? seen.alert_received->description : 0;
      return fmt::format("refused by the alert {} ({})", alert_name(alert), alert);
    }
    case Entry::refused_http: {
      const auto answer = read_http(seen.application_data);
      return fmt::format("refused in HTTP: {}", answer ? answer->status : 0);
    }
    case Entry::cut:
      return seen.end == tls::MisuseEnd::closed ? "refused: closed without an alert" : "refused: cut without a word";
    case Entry::silent: return "no answer after Finished";
    case Entry::late: return "the handshake did not end in time";
    case Entry::broken: return fmt::format("the handshake failed here: {}", seen.words);
    case Entry::unreachable: return fmt::format("no connection: {}", seen.words);
  }
  return {};
}

}  // namespace symbolon::prove
