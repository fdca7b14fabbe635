#include "check/starttls_machine.h"

#include <algorithm>

#include "check/greeting.h"
#include "check/printable.h"

namespace symbolon::check {
namespace {

constexpr std::size_t kQuoted = 80;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::unexpected<Error> other_protocol(std::string_view expected, std::string_view came) {
  if (begins_like_tls(came))
    return fail(Code::tls_at_once, "it answered what was said in the clear with a TLS record (\"{}\")",
                printable(came.substr(0, 16)));
  const auto speaker = recognize(came);
  if (speaker && (!speaker->starttls || name(*speaker->starttls) != expected)) {
    return fail(Code::starttls_wrong_protocol, "{} was asked for, {} answers: {}", expected, speaker->words,
                in_quotes(came));
  }
  return fail(Code::starttls_wrong_protocol, "{} was asked for, and that does not answer {}", expected,
              in_quotes(came));
}

Result<std::optional<Line>> next_line(std::string_view came) {
  const std::string_view within = came.substr(0, StartTlsLimits::kLine);
  const std::size_t end = within.find('\n');
  if (end == std::string_view::npos) {
    if (came.size() < StartTlsLimits::kLine) return std::optional<Line>();
    return fail(Code::peer_sends_too_much, "a line of more than {} octets: {}", StartTlsLimits::kLine, in_quotes(came));
  }
  std::string_view text = within.substr(0, end);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return std::optional<Line>(Line{text, end + 1});
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return out;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_word(std::string_view line, std::string_view word) {
  if (!same_word(line.substr(0, word.size()), word)) return false;
  return line.size() == word.size() || line[word.size()] == ' ' || line[word.size()] == '\t';
}

std::string in_quotes(std::string_view octets) {
  const std::string_view line = octets.substr(0, octets.find_first_of("\r\n"));
  return fmt::format("\"{}{}\"", printable(line.substr(0, kQuoted)), line.size() > kQuoted ? "..." : "");
}

}  // namespace symbolon::check
