// Messages as octets; the parsers are in wire_parser.cc.
#include "http/wire.h"

#include <array>
#include <chrono>

namespace symbolon::http {

namespace {

// RFC 9110 §5.6.2
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  if (text.empty()) return false;
  for (char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && kMarks.find(c) == std::string_view::npos) return false;
  }
  return true;
}

// RFC 9110 §5.5
bool is_field_value(std::string_view text) {
  for (char c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

bool is_target(std::string_view text) {
  if (text.empty() || text.front() != '/') return false;
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
  }
  return true;
}

bool is_framing(std::string_view name) {
  return equal_without_case(name, "Content-Length") || equal_without_case(name, "Transfer-Encoding") ||
         equal_without_case(name, "Connection");
}

Status append_headers(std::string& out, const Headers& headers) {
  for (const Header& header : headers) {
    if (!is_token(header.name) || !is_field_value(header.value)) {
      return fail(Code::bad_request, "a header field holds characters that it may not");
    }
    if (is_framing(header.name)) continue;  // ours alone
    fmt::format_to(std::back_inserter(out), "{}: {}\r\n", header.name, header.value);
  }
  return {};
}

bool has_no_content(int status) { return status / 100 == 1 || status == 204 || status == 304; }

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

std::string http_date(UnixSeconds time) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;
  const sys_seconds at{seconds{time.count}};
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const hh_mm_ss clock{at - midnight};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday{midnight}.c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

Result<std::string> to_wire(const Request& request) {
  if (!is_token(request.method)) return fail(Code::bad_request, "the method is not a token");
  if (!is_target(request.target)) return fail(Code::bad_request, "the target is not a path");
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  if (auto headers = append_headers(out, request.headers); !headers) return std::unexpected(headers.error());
  const bool bare = request.body.empty() && (request.method == "GET" || request.method == "HEAD");
  if (!bare) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", request.body.size());
  out += "\r\n";
  out += request.body;
  return out;
}

Result<std::string> to_wire(const Response& response, const ResponseForm& form) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  if (auto headers = append_headers(out, response.headers); !headers) return std::unexpected(headers.error());
  const auto unless_set = [&](std::string_view name, std::string_view value) {
    if (!response.headers.find(name)) fmt::format_to(std::back_inserter(out), "{}: {}\r\n", name, value);
  };
  unless_set("Date", http_date(form.now));
  unless_set("Cache-Control", "no-store");
  unless_set("X-Content-Type-Options", "nosniff");
  if (form.persistence == Persistence::close) out += "Connection: close\r\n";
  if (response.source) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (!has_no_content(response.status)) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n",
                   response.shared ? response.shared->size() : response.body.size());
  }
  out += "\r\n";
  const bool body = form.body == ResponseParser::BodyExpected::yes && !has_no_content(response.status);
  if (body && !response.source && !response.shared) out += response.body;
  return out;
}

std::string chunk(std::string_view piece) {
  return piece.empty() ? std::string("0\r\n\r\n") : fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

}  // namespace symbolon::http
