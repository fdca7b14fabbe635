#include "check/http_answer.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "check/printable.h"
#include "http/refusal_status.h"

namespace symbolon::check {
namespace {

constexpr std::size_t kLineShown = 80;
constexpr std::size_t kStatusAt = 9;  // behind "HTTP/1.1 "

bool is_date_field(std::string_view line) {
  constexpr std::string_view kName = "date:";
  return line.size() > kName.size() && std::equal(kName.begin(), kName.end(), line.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + ('a' - 'A')) : b);
         });
}

// RFC 9110 §5.6.7, IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<UnixSeconds> read_date(std::string_view value) {
  const std::string text(value.substr(std::min(value.find_first_not_of(' '), value.size())));
  std::tm parts = {};
  const char* const end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return {};
  return UnixSeconds{timegm(&parts)};
}

}  // namespace

std::optional<HttpAnswer> read_http_answer(std::string_view octets) {
  if (!octets.starts_with("HTTP/")) return {};
  HttpAnswer out;
  const std::string_view line = octets.substr(0, octets.find_first_of("\r\n"));
  out.line = printable(line.substr(0, kLineShown));
  const std::string_view digits = line.substr(std::min(kStatusAt, line.size())).substr(0, 3);
  std::from_chars(digits.data(), digits.data() + digits.size(), out.status);
  std::string_view rest = octets.substr(line.size());
  while (rest.starts_with("\r\n")) {
    rest.remove_prefix(2);
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos || end == 0) break;  // it breaks off here, or the header ends
    if (is_date_field(rest.substr(0, end))) out.date = read_date(rest.substr(5, end - 5));
    rest.remove_prefix(end);
  }
  return out;
}

std::optional<HttpAnswer> answer_to_request(const tls::Transcript& tls, bool asked_http) {
  if (!asked_http || !tls.finished) return {};
  auto answer = read_http_answer(tls.application_data);
  if (!answer || answer->status == 0) return {};
  return answer;
}

bool served(const tls::Transcript& tls, bool asked_http) {
  const auto answer = answer_to_request(tls, asked_http);
  return answer && answer->status < 400;
}

bool turned_away(const tls::Transcript& tls, bool asked_http) {
  using tls::ProbeEnd;
  if (const auto answer = answer_to_request(tls, asked_http)) return http::refuses_client(answer->status);
  if (tls.end == ProbeEnd::alert) return true;
  const bool ended = tls.end == ProbeEnd::closed || tls.end == ProbeEnd::cut || tls.end == ProbeEnd::reset;
  return ended && tls.application_data.empty();
}

}  // namespace symbolon::check
