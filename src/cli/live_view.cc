#include "cli/live_view.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <initializer_list>
#include <utility>

namespace symbolon::cli {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kEvery = 1s;
constexpr char kControlC = '\x03';

volatile std::sig_atomic_t ended = 0;

extern "C" void end_view(int) { ended = 1; }
extern "C" void wake_view(int) {}  // SIGWINCH: interrupts the wait

// Signals that end the view or change its size, caught without restarting the wait, while this lives.
class Signals {
 public:
  Signals() {
    ended = 0;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) take(number, end_view);
    take(SIGWINCH, wake_view);
  }
  ~Signals() {
    for (const auto& [number, before] : before_) sigaction(number, &before, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void take(int number, void (*handler)(int)) {
    struct sigaction now{};
    now.sa_handler = handler;
    struct sigaction before{};
    if (sigaction(number, &now, &before) == 0) before_.emplace_back(number, before);
  }
  std::vector<std::pair<int, struct sigaction>> before_;
};

void write_out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// The other screen, no cursor, keys as they come and without echo, while this lives.
class Screen {
 public:
  Screen() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);  // Ctrl-C comes as a key: nothing is left half done
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    ready_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    if (ready_) write_out("\x1b[?1049h\x1b[?25l");
  }
  ~Screen() {
    if (!ready_) return;
    write_out("\x1b[?25h\x1b[?1049l");
    tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  bool ready() const { return ready_; }

  static void draw(const std::vector<std::string>& lines) {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) {
      size.ws_row = 24;
      size.ws_col = 80;
    }
    std::string picture = "\x1b[H";
    const std::size_t rows = std::min<std::size_t>(lines.size(), size.ws_row);
    for (std::size_t i = 0; i < rows; ++i) {
      picture += cut_to_width(lines[i], size.ws_col) + "\x1b[0m\x1b[K";
      if (i + 1 < rows) picture += "\r\n";
    }
    write_out(picture + "\x1b[J");
  }

  // Until the moment, a key that ends the view, or the size changed. False: end it.
  static bool wait(Steady::time_point until) {
    while (ended == 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
      if (left <= 0ms) return true;
      pollfd keys{STDIN_FILENO, POLLIN, 0};
      const int got = poll(&keys, 1, static_cast<int>(left.count()));
      if (got < 0) return ended == 0;
      if (got == 0) continue;
      char key = 'q';  // the terminal is gone when nothing can be read
      if (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q' || key == kControlC) return false;
    }
    return false;
  }

 private:
  termios before_{};
  bool ready_ = false;
};

Status print_on(const Draw& draw) {
  while (ended == 0) {
    std::string text;
    for (const std::string& line : draw()) (text += line) += '\n';
    text += '\n';
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) return {};
    poll(nullptr, 0, static_cast<int>(std::chrono::milliseconds(kEvery).count()));
  }
  return {};
}

}  // namespace

Status show_live(const Draw& draw) {
  const Signals signals;
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return print_on(draw);
  const Screen screen;
  if (!screen.ready()) return print_on(draw);
  while (ended == 0) {
    const auto next = Steady::now() + kEvery;
    Screen::draw(draw());
    if (!Screen::wait(next)) break;
  }
  return {};
}

std::string cut_to_width(std::string_view line, std::size_t columns) {
  std::string out;
  std::size_t width = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      const std::size_t end = std::min(line.find('m', i), line.size() - 1);
      out += line.substr(i, end - i + 1);
      i = end;
      continue;
    }
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xc0U) != 0x80;
    if (begins && width == columns) break;
    width += begins ? 1 : 0;
    out += line[i];
  }
  return out;
}

}  // namespace symbolon::cli
