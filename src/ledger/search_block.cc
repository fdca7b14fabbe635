#include "ledger/search_block.h"

#include <algorithm>
#include <optional>

#include "ledger/text_scan.h"

namespace symbolon::ledger {
namespace {

// Control characters other than the line break; the parser lets no query hold one.
char mark_of(x509::NameKind kind) { return static_cast<char>(0x10 + static_cast<int>(kind)); }

// "dns:web" is a kind and a value; anything else a value of any kind.
struct NameTerm {
  std::optional<char> mark;
  std::string_view value;
};
NameTerm name_term(std::string_view text) {
  for (const x509::NameKind kind : {x509::NameKind::dns, x509::NameKind::ip, x509::NameKind::email, x509::NameKind::uri,
                                    x509::NameKind::directory}) {
    const std::string_view prefix = x509::name(kind);
    if (text.size() > prefix.size() + 1 && text.starts_with(prefix) && text[prefix.size()] == ':') {
      return {mark_of(kind), text.substr(prefix.size() + 1)};
    }
  }
  return {std::nullopt, text};
}

bool value_fits(std::string_view value, std::string_view wanted, bool pattern) {
  return pattern ? fits_pattern(value, wanted) : value.find(wanted) != std::string_view::npos;
}

// The whole subject or the value of one attribute ("cn=web,o=example corp").
bool subject_fits(std::string_view subject, const TextTerm& term) {
  if (value_fits(subject, term.value, term.pattern)) return true;
  if (!term.pattern) return false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= subject.size(); ++at) {
    const bool escaped = at > 0 && subject[at - 1] == '\\';
    if (at < subject.size() && (escaped || (subject[at] != ',' && subject[at] != '+'))) continue;
    const std::string_view attribute = subject.substr(begin, at - begin);
    const std::size_t equals = attribute.find('=');
    if (equals != std::string_view::npos && fits_pattern(attribute.substr(equals + 1), term.value)) return true;
    begin = at + 1;
  }
  return false;
}

bool names_fit(std::string_view lines, const TextTerm& term) {
  const NameTerm wanted = term.field == Field::san ? name_term(term.value) : NameTerm{std::nullopt, term.value};
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const bool kind_fits = !wanted.mark || lines.front() == *wanted.mark;
    if (kind_fits && value_fits(lines.substr(1, end - 1), wanted.value, term.pattern)) return true;
    lines.remove_prefix(end + 1);
  }
  return false;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of(std::string_view("0123456789abcdef\x01", 17)) == std::string_view::npos;
}

// `value` at the start of the hexadecimal text, or a pattern for all of it.
bool hex_fits(ByteView octets, const TextTerm& term, std::string_view value) {
  const std::string hex = to_hex(octets);
  return term.pattern ? fits_pattern(hex, value) : std::string_view(hex).starts_with(value);
}

// A fast no for most rows: the first octet.
bool may_begin(std::uint8_t octet, std::string_view value) {
  if (value.size() < 2 || value[0] == kAnyRun || value[1] == kAnyRun) return true;
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  return octet == digit(value[0]) * 16 + digit(value[1]);
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

SearchBlock::SearchBlock() {
  rows_.reserve(kRows);
  serials_.reserve(kRows);
  fingerprints_.reserve(kRows);
}

void SearchBlock::add(SearchRow row, const CertificateRecord& record) {
  row.text_begin = static_cast<std::uint32_t>(text_.size());
  row.subject_size = static_cast<std::uint32_t>(record.subject.size());
  text_ += lower_case(record.subject);
  text_ += '\n';
  for (const SubjectName& each : record.names) {
    text_ += mark_of(each.kind);
    text_ += lower_case(each.value);
    text_ += '\n';
  }
  rows_.push_back(row);
  serials_.push_back(record.serial);
  fingerprints_.push_back(record.fingerprint.value_or(x509::Fingerprint{}));
}

std::size_t SearchBlock::end_of(std::size_t row) const {
  return row + 1 < rows_.size() ? rows_[row + 1].text_begin : text_.size();
}

std::string_view SearchBlock::text_of(std::size_t row) const {
  return std::string_view(text_).substr(rows_[row].text_begin, end_of(row) - rows_[row].text_begin);
}

bool SearchBlock::text_fits(const TextTerm& term, std::size_t row) const {
  const std::string_view text = text_of(row);
  const std::size_t subject_size = rows_[row].subject_size;
  if (term.field != Field::san && subject_fits(text.substr(0, subject_size), term)) return true;
  return term.field != Field::subject && names_fit(text.substr(subject_size + 1), term);
}

void SearchBlock::find_in_text(const TextTerm& term, const Mask& among, Mask& found) const {
  std::string_view needle = term.field == Field::san ? name_term(term.value).value : std::string_view(term.value);
  needle = longest_literal(needle);
  // A plain word found anywhere in the row's text is found in the subject or a name: it holds no mark or line break.
  const bool any_place = term.field == Field::any && !term.pattern;
  if (needle.empty()) {
    for (std::size_t row = 0; row < rows_.size(); ++row) found[row] = among[row] && text_fits(term, row);
    return;
  }
  std::size_t row = 0;
  for (std::size_t at = find_text(text_, needle, 0); at < text_.size(); at = find_text(text_, needle, at)) {
    while (end_of(row) <= at) ++row;
    if (among[row]) found[row] = any_place || text_fits(term, row);
    at = end_of(row);
    // Straight on to the next row that matters.
    while (row + 1 < rows_.size() && !among[row + 1]) at = end_of(++row);
    if (at >= text_.size()) break;
  }
}

void SearchBlock::find_in_numbers(const TextTerm& term, const Mask& among, Mask& found) const {
  const std::string value = plain_hex(term.value);
  if (!is_hex(value)) return;
  for (std::size_t at = 0; at < rows_.size(); ++at) {
    if (!among[at] || found[at]) continue;
    const ByteView serial = serials_[at].magnitude();
    const ByteView fingerprint = fingerprints_[at].octets;
    const bool issued = rows_[at].state == CertificateState::issued;
    found[at] = (term.field != Field::fingerprint && may_begin(serial[0], value) && hex_fits(serial, term, value)) ||
                (term.field != Field::serial && issued && may_begin(fingerprint[0], value) &&
                 hex_fits(fingerprint, term, value));
  }
}

void SearchBlock::keep(const TextTerm& term, Mask& mask) const {
  Mask found;
  if (term.field != Field::serial && term.field != Field::fingerprint) find_in_text(term, mask, found);
  if (term.field != Field::subject && term.field != Field::san) find_in_numbers(term, mask, found);
  mask &= term.negated ? ~found : found;
}

}  // namespace symbolon::ledger
