#include "check/ladder_text.h"

#include <fmt/format.h>

#include "check/wrapped.h"

namespace symbolon::check {
namespace {

// "  12.3 |--- ClientHello ------->|      317"
constexpr std::size_t kTime = 8;
constexpr std::size_t kOctets = 8;
constexpr std::size_t kBetween = kTextColumns - kTime - kOctets - 4;  // the rails, and a blank at each side
constexpr std::size_t kTail = 3;                                      // of an arrow, where it begins
constexpr std::size_t kShaft = 6;                                     // of an arrow at least, with its head
constexpr std::size_t kLabel = kBetween - kTail - kShaft - 2;

std::string time_of(const Rung& rung) {
  if (!rung.at) return "";
  const double milliseconds = static_cast<double>(rung.at->count()) / 1000;
  return milliseconds < 100'000 ? fmt::format("{:.1f}", milliseconds) : fmt::format("{:.0f} s", milliseconds / 1000);
}

std::string arrow(const Rung& rung, std::string_view label) {
  const char shaft = rung.kind == RungKind::alert ? '=' : '-';
  const std::string tail(kTail, shaft);
  const std::string rest(kBetween - kTail - label.size() - 3, shaft);
  return rung.direction == tls::ProbeDirection::sent ? fmt::format("{} {} {}>", tail, label, rest)
                                                     : fmt::format("<{} {} {}", rest, label, tail);
}

// What does not fit into the arrow, below it at its sender's side.
std::string below(const Rung& rung, std::string_view text) {
  const std::string edge(kTail + 1, ' ');
  const std::string fill(kBetween - edge.size() - columns(text), ' ');
  const std::string between =
      rung.direction == tls::ProbeDirection::sent ? edge + std::string(text) + fill : fill + std::string(text) + edge;
  return fmt::format("{:{}} |{}|", "", kTime, between);
}

Tone tone_of(const Rung& rung) {
  if (rung.kind == RungKind::alert) return Tone::bad;
  return rung.kind == RungKind::data ? Tone::good : Tone::plain;
}

void add_crossing(std::vector<std::string>& lines, const Rung& rung, const Paint& paint) {
  const std::string whole = rung.detail.empty() ? rung.name : fmt::format("{} ({})", rung.name, rung.detail);
  const bool fits = columns(whole) <= kLabel;
  lines.push_back(fmt::format("{} |{}| {:>{}}", paint(Tone::faint, fmt::format("{:>{}}", time_of(rung), kTime)),
                              paint(tone_of(rung), arrow(rung, fits ? whole : rung.name)), rung.octets, kOctets));
  if (fits) return;
  for (const std::string& line : wrapped(rung.detail, kBetween - 2 * kTail - 2)) lines.push_back(below(rung, line));
}

void add_remark(std::vector<std::string>& lines, std::string_view margin, const Rung& rung) {
  const std::string whole = rung.detail.empty() ? rung.name : fmt::format("{}: {}", rung.name, rung.detail);
  for (const std::string& line : wrapped(whole, kTextColumns - kTime - 1)) {
    lines.push_back(fmt::format("{:>{}} {}", margin, kTime, line));
    margin = "";
  }
}

}  // namespace

std::vector<std::string> ladder_lines(const std::vector<Rung>& rungs, const Paint& paint) {
  std::vector<std::string> lines;
  lines.push_back(paint(Tone::faint, fmt::format("{:>{}} {:<{}}{} {:>{}}", "ms", kTime, "client", kBetween - 4,
                                                 "server", "octets", kOctets)));
  for (const Rung& rung : rungs) {
    switch (rung.kind) {
      case RungKind::message:
      case RungKind::alert:
      case RungKind::data: add_crossing(lines, rung, paint); break;
      case RungKind::omitted: add_remark(lines, "...", rung); break;
      case RungKind::end: add_remark(lines, "end", rung); break;
    }
  }
  return lines;
}

}  // namespace symbolon::check
