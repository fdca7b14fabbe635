#include "cli/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/environment.h"
#include "base/utf8.h"
#include "http/problem.h"

namespace symbolon::cli {
namespace {

// Width on the screen, as far as counting code points goes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain: return "";
    case Style::good: return "\x1b[32m";
    case Style::bad: return "\x1b[31m";
    case Style::faint: return "\x1b[2m";
    case Style::strong: return "\x1b[1m";
  }
  return "";
}

// The terminal itself, with echo off while this lives.
class SilentTerminal {
 public:
  SilentTerminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ready_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (ready_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0) ::close(fd_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  bool ready() const { return ready_; }
  void write(std::string_view text) const {
    if (::write(fd_, text.data(), text.size()) < 0) return;
  }
  Secret read_line() const {
    std::array<char, 1024> line{};
    std::size_t size = 0;
    while (size < line.size() && ::read(fd_, &line[size], 1) == 1 && line[size] != '\n') ++size;
    Secret secret(std::string_view(line.data(), size));
    explicit_bzero(line.data(), line.size());
    return secret;
  }

 private:
  int fd_;
  termios before_{};
  bool ready_ = false;
};

}  // namespace

Terminal::Terminal(ErrorForm form)
    : form_(form), out_is_terminal_(::isatty(STDOUT_FILENO) == 1), error_is_terminal_(::isatty(STDERR_FILENO) == 1) {
  colours_ = out_is_terminal_ && !environment("NO_COLOR") && environment("TERM").value_or("dumb") != "dumb";
}

void Terminal::print(std::string_view line) const { fmt::print(stdout, "{}\n", line); }

void Terminal::note(std::string_view line) const {
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", line);
}

void Terminal::warn(std::string_view line) const { note(fmt::format("warning: {}", printable(line))); }

void Terminal::error(const Error& error, std::string_view remedy) const {
  if (form_ == ErrorForm::json) return note(http::problem_text(error, remedy));
  error_line(error);
  note(fmt::format("  code    {}", name(error.code)));
  note(fmt::format("  remedy  {}", remedy.empty() ? row(error.code).remedy : remedy));
}

void Terminal::error_line(const Error& error) const {
  note(form_ == ErrorForm::json ? http::problem_text(error) : fmt::format("error: {}", printable(error.text())));
}

std::string Terminal::styled(Style style, std::string_view text) const {
  if (!colours_ || style == Style::plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", code_of(style), text);
}

void Terminal::table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) const {
  for (const std::string& line : table_lines(head, rows)) print(line);
}

std::vector<std::string> Terminal::table_lines(const std::vector<std::string>& head,
                                               const std::vector<std::vector<std::string>>& rows) const {
  std::vector<std::vector<std::string>> shown = rows;
  std::vector<std::size_t> widths(head.size());
  for (std::size_t i = 0; i < head.size(); ++i) {
    widths[i] = width_of(head[i]);
    for (auto& cells : shown) {
      cells[i] = printable(cells[i]);
      widths[i] = std::max(widths[i], width_of(cells[i]));
    }
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size()) out += std::string(widths[i] - width_of(cells[i]) + 2, ' ');
    }
    return out;
  };
  std::vector<std::string> out = {styled(Style::strong, line(head))};
  for (const auto& cells : shown) out.push_back(line(cells));
  return out;
}

void Terminal::progress(std::string_view what, std::int64_t done, std::int64_t of) const {
  if (!error_is_terminal_) return;
  std::fflush(stdout);
  if (of > 0) {
    fmt::print(stderr, "\r\x1b[K{} {:3}%", what, std::clamp<std::int64_t>(done * 100 / of, 0, 100));
  } else {
    fmt::print(stderr, "\r\x1b[K{} {}", what, done);
  }
  std::fflush(stderr);
}

void Terminal::end_progress() const {
  if (error_is_terminal_) fmt::print(stderr, "\r\x1b[K");
}

bool Terminal::can_ask() const { return ::isatty(STDIN_FILENO) == 1; }

Result<Secret> Terminal::ask_secret(std::string_view question) const {
  const SilentTerminal terminal;
  if (!can_ask() || !terminal.ready()) {
    return fail(Code::passphrase_needed, "a passphrase is needed and there is no terminal to ask on");
  }
  terminal.write(fmt::format("{}: ", question));
  Secret answer = terminal.read_line();
  terminal.write("\n");
  return answer;
}

Result<Secret> Terminal::ask_new_secret(std::string_view question) const {
  Secret first = TRY(ask_secret(question));
  if (first.empty()) return fail(Code::passphrase_needed, "an empty passphrase protects nothing");
  const Secret second = TRY(ask_secret("Once more, to be sure"));
  if (!equal_in_constant_time(first.bytes(), second.bytes())) {
    return fail(Code::passphrase_wrong, "the two passphrases differ");
  }
  return first;
}

std::string printable(std::string_view text) { return escaped(text, LineBreaks::keep); }

}  // namespace symbolon::cli
