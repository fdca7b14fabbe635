// What a person sees: colours only on a terminal, tables, errors in one shape, prompts for passphrases, progress.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace symbolon::cli {

enum class Style : std::uint8_t { plain, good, bad, faint, strong };

// Of an error: for people, or a line of JSON (a problem document, http/problem.h) for programs.
enum class ErrorForm : std::uint8_t { text, json };

// Standard output, standard error and the terminal of one run.
class Terminal {
 public:
  explicit Terminal(ErrorForm form);

  // To standard output, a line break added.
  void print(std::string_view line) const;
  // To standard error: what happens meanwhile, hints, warnings.
  void note(std::string_view line) const;
  void warn(std::string_view line) const;
  // error: where: words / code / remedy. `remedy` instead of the table's, unless it is empty.
  void error(const Error& error, std::string_view remedy = {}) const;
  // One of several, before the last: a line.
  void error_line(const Error& error) const;

  std::string styled(Style style, std::string_view text) const;
  // Columns as wide as their widest cell; the last one is not cut.
  void table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) const;
  std::vector<std::string> table_lines(const std::vector<std::string>& head,
                                       const std::vector<std::vector<std::string>>& rows) const;
  // One line on standard error that is written over; nothing where that is no terminal.
  void progress(std::string_view what, std::int64_t done, std::int64_t of) const;
  void end_progress() const;

  bool can_ask() const;
  // Without echo. Fails with passphrase_needed where there is no terminal.
  Result<Secret> ask_secret(std::string_view question) const;
  Result<Secret> ask_new_secret(std::string_view question) const;  // twice

 private:
  ErrorForm form_;
  bool out_is_terminal_;
  bool error_is_terminal_;
  bool colours_;
};

// What would mislead escaped (base/utf8.h), so that no name from a certificate can drive a terminal.
std::string printable(std::string_view text);

}  // namespace symbolon::cli
