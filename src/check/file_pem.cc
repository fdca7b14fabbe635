#include "check/file_pem.h"

#include <fmt/format.h>

#include <algorithm>

#include "x509/pem_line.h"

namespace symbolon::check {
namespace {

using namespace x509::pem_line;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
         c == '=' || c == ' ' || c == '\t';
}

bool is_plain_key(std::string_view label) { return label.ends_with("PRIVATE KEY") && label != "ENCRYPTED PRIVATE KEY"; }

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  PemText split() {
    if (text_.starts_with(kByteOrderMark)) {
      fault(1, "the file begins with a byte order mark (UTF-8), so that most programs do not see its first block",
            R"(sed -i '1s/^\xEF\xBB\xBF//' FILE)");
      at_ = kByteOrderMark.size();
    }
    while (at_ < text_.size() && !full_) line();
    if (inside_) no_end();
    return std::move(out_);
  }

 private:
  void fault(int number, std::string words, std::string command = {}) {
    constexpr std::size_t kMostFaults = 20;
    if (out_.faults.size() < kMostFaults) out_.faults.push_back({number, std::move(words), std::move(command)});
  }

  void line() {
    const std::size_t start = at_;
    const auto end = text_.find('\n', start);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    ++number_;
    const std::string_view line = trimmed(text_.substr(start, at_ - start - (end == std::string_view::npos ? 0 : 1)));
    if (inside_ && ends(line)) return finish(line);
    if (inside_ && line.starts_with(kDashes)) no_end();
    if (!inside_) return outside(line, start);
    body(line);
  }

  void outside(std::string_view line, std::size_t start) {
    if (line.find('\0') != std::string_view::npos && !nul_seen_) {
      nul_seen_ = true;
      fault(number_, "a NUL octet stands there: many programs read no further");
    }
    if (!begins(line)) return;
    const std::string_view label = begun_label(line);
    if (label.empty()) {
      const bool literal = line.find("\\n") != std::string_view::npos;
      fault(number_,
            literal ? R"(the line breaks are lost: they stand there as the two characters \n)"
                    : "the line begins a block and holds more than its label: line breaks are lost",
            literal ? R"sh(printf '%b' "$(cat FILE)" > new.pem)sh" : "");
      return;
    }
    if (out_.parts.size() == kMostPemParts) {
      fault(number_, fmt::format("more than {} blocks; the rest is not looked at", kMostPemParts));
      full_ = true;
      return;
    }
    part_ = {std::string(label), number_, number_, {}, {}, false};
    begin_ = start;
    body_.clear();
    broken_ = false;
    inside_ = true;
  }

  void body(std::string_view line) {
    if (broken_) return;
    if (line.find(':') != std::string_view::npos) {  // RFC 1421 §4.6: a header field
      if (line.starts_with("Proc-Type:") && line.find("ENCRYPTED") != std::string_view::npos) part_.encrypted = true;
      return;
    }
    if (const auto bad = std::ranges::find_if_not(line, is_base64); bad != line.end()) {
      fault(number_, *bad == '\0' ? fmt::format("a NUL octet inside '{}'", part_.label)
                                  : fmt::format("not base64, inside '{}'", part_.label));
      broken_ = true;
      return;
    }
    if (!is_plain_key(part_.label)) body_ += line;
  }

  void finish(std::string_view line) {
    inside_ = false;
    if (ended_label(line) != part_.label) {
      fault(number_, fmt::format("this line does not end '{}' of line {}", part_.label, part_.line));
      return;
    }
    if (broken_) return;
    if (!is_plain_key(part_.label)) {
      auto der = from_base64(body_);
      if (!der || der->empty()) {
        fault(part_.line, fmt::format("'{}' is {}", part_.label, der ? "empty" : "not base64: something is missing"));
        return;
      }
      part_.der = *std::move(der);
    }
    part_.last_line = number_;
    part_.text = text_.substr(begin_, at_ - begin_);
    out_.parts.push_back(std::move(part_));
  }

  void no_end() {
    inside_ = false;
    fault(part_.line, fmt::format("'{}' has no END: the file may be cut", part_.label));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int number_ = 0;
  bool inside_ = false;
  bool broken_ = false;
  bool full_ = false;
  bool nul_seen_ = false;
  std::size_t begin_ = 0;
  std::string body_;
  PemPart part_;
  PemText out_;
};

}  // namespace

PemText split_pem(std::string_view text) { return Splitter(text).split(); }

}  // namespace symbolon::check
