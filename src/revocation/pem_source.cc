#include "revocation/pem_source.h"

#include <array>
#include <cstring>

#include "x509/pem_line.h"

namespace symbolon::revocation {
namespace {

using namespace x509::pem_line;

constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_digits() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> out{};
  for (std::uint8_t& one : out) one = kNoDigit;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    out[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return out;
}
constexpr std::array<std::uint8_t, 256> kDigits = make_digits();

std::uint8_t digit_of(char c) { return kDigits[static_cast<std::uint8_t>(c)]; }

void append_group(Bytes& out, std::uint32_t group) {
  out.push_back(static_cast<std::uint8_t>(group >> 16U));
  out.push_back(static_cast<std::uint8_t>(group >> 8U));
  out.push_back(static_cast<std::uint8_t>(group));
}

}  // namespace

std::unexpected<Error> PemSource::malformed(std::string_view what) const {
  return fail_at(fmt::format("line {}", line_), Code::pem_malformed, "{}", what);
}

Result<std::optional<PemSource::Line>> PemSource::next_line() {
  while (true) {
    const std::string_view pending = as_text(ByteView(buffer_).subspan(begin_, end_ - begin_));
    const auto end = pending.find('\n');
    const bool whole = end != std::string_view::npos;
    if (whole || (ended_ && !pending.empty()) || pending.size() == buffer_.size()) {
      const Line out{pending.substr(0, end), cut_};
      if (!cut_) ++line_;
      cut_ = !whole;
      begin_ += whole ? end + 1 : pending.size();
      return std::optional(out);
    }
    if (ended_) return std::optional<Line>();
    std::memmove(buffer_.data(), pending.data(), pending.size());
    begin_ = 0;
    end_ = pending.size();
    const std::size_t got = TRY(text_.read(std::span(buffer_).subspan(end_)));
    ended_ = got == 0;
    end_ += got;
  }
}

Result<PemSource::Line> PemSource::line_of_block(std::string_view label) {
  const auto line = TRY(next_line());
  if (!line) return malformed(fmt::format("'{}' has no END", label));
  const Line out{trimmed(line->text), line->continued};
  if (!out.continued && out.text.starts_with(kDashes) && !ends(out.text)) {
    return malformed(fmt::format("'{}' has no END", label));
  }
  return out;
}

Status PemSource::check_end(std::string_view line, std::string_view label) const {
  if (ended_label(line) != label) return malformed(fmt::format("this line does not end '{}'", label));
  return {};
}

Status PemSource::skip_block(std::string_view label) {
  while (true) {
    const Line line = TRY(line_of_block(label));
    if (!line.continued && ends(line.text)) return check_end(line.text, label);
  }
}

Result<bool> PemSource::next_block() {
  ENSURE(!inside_);
  while (const auto line = TRY(next_line())) {
    const std::string_view text = trimmed(line->text);
    if (line->continued || !begins(text)) continue;
    const std::string label(begun_label(text));
    if (label.empty()) return malformed("a line begins a block and holds more than its label");
    is_pem_ = true;
    inside_ = label == label_;
    group_ = digits_ = padding_ = 0;
    if (inside_) return true;
    TRY(skip_block(label));
  }
  return false;
}

Result<std::size_t> PemSource::read(std::span<std::uint8_t> into) {
  std::size_t count = 0;
  while (count < into.size()) {
    if (used_ == decoded_.size()) {
      if (!inside_) break;
      TRY(read_line());
      continue;
    }
    const std::size_t more = std::min(into.size() - count, decoded_.size() - used_);
    std::memcpy(into.data() + count, decoded_.data() + used_, more);
    used_ += more;
    count += more;
  }
  return count;
}

Status PemSource::read_line() {
  decoded_.clear();
  used_ = 0;
  const Line line = TRY(line_of_block(label_));
  if (!line.continued && ends(line.text)) {
    TRY(check_end(line.text, label_));
    inside_ = false;
    return finish_decoding();
  }
  if (!line.continued && line.text.find(':') != std::string_view::npos) return {};  // RFC 1421 §4.6: a header field
  return decode(line.text);
}

Status PemSource::decode(std::string_view line) {
  std::size_t at = 0;
  if (digits_ == 0 && padding_ == 0) {  // most lines are whole groups and nothing else
    decoded_.resize(line.size() / 4 * 3);
    std::uint8_t* out = decoded_.data();
    for (; at + 4 <= line.size(); at += 4) {
      const std::uint32_t a = digit_of(line[at]);
      const std::uint32_t b = digit_of(line[at + 1]);
      const std::uint32_t c = digit_of(line[at + 2]);
      const std::uint32_t d = digit_of(line[at + 3]);
      if (((a | b | c | d) & 0xc0U) != 0) break;
      const std::uint32_t group = a << 18U | b << 12U | c << 6U | d;
      *out++ = static_cast<std::uint8_t>(group >> 16U);
      *out++ = static_cast<std::uint8_t>(group >> 8U);
      *out++ = static_cast<std::uint8_t>(group);
    }
    decoded_.resize(at / 4 * 3);
  }
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (c == ' ' || c == '\t' || c == '\r') continue;
    if (c == '=') {
      if (++padding_ > 2) return malformed("not base64");
      continue;
    }
    const std::uint8_t digit = digit_of(c);
    if (digit == kNoDigit || padding_ > 0) return malformed("not base64");
    group_ = group_ << 6U | digit;
    if (++digits_ < 4) continue;
    append_group(decoded_, group_);
    group_ = digits_ = 0;
  }
  return {};
}

Status PemSource::finish_decoding() {
  const bool fits = digits_ == 0 ? padding_ == 0 : digits_ != 1 && padding_ == 4 - digits_;
  // Bits that say nothing are zero: else two texts would stand for the same octets.
  const std::uint32_t left_over = digits_ == 2 ? group_ & 0xfU : digits_ == 3 ? group_ & 3U : 0;
  if (!fits || left_over != 0) return malformed("not base64");
  if (digits_ == 2) decoded_.push_back(static_cast<std::uint8_t>(group_ >> 4U));
  if (digits_ == 3) {
    decoded_.push_back(static_cast<std::uint8_t>(group_ >> 10U));
    decoded_.push_back(static_cast<std::uint8_t>(group_ >> 2U));
  }
  return {};
}

}  // namespace symbolon::revocation
