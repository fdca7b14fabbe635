#include "check/ladder_svg.h"

#include <fmt/format.h>

#include <iterator>

#include "check/html_text.h"
#include "check/printable.h"
#include "check/wrapped.h"

namespace symbolon::check {
namespace {

// Heights in pixels, places from left to right in percent: the picture is as wide as its place. The narrowest one has
// 300 pixels, which is what the lengths in characters are made for.
constexpr int kHead = 30;        // the names of both sides
constexpr int kName = 17;        // a line of a rung's name
constexpr int kDetail = 15;      // a line of what is added to it
constexpr int kArrow = 7;        // between the name and the arrow below it
constexpr int kGap = 15;         // between rungs
constexpr int kClientRail = 2;   // percent
constexpr int kServerRail = 98;  // percent
constexpr int kClientText = 5;   // percent
constexpr int kServerText = 95;  // percent
constexpr std::size_t kNameLetters = 36;
constexpr std::size_t kDetailLetters = 42;
constexpr std::size_t kBesideLetters = 22;  // a name that leaves room for time and size beside it

bool from_client(const Rung& rung) { return rung.direction == tls::ProbeDirection::sent; }

constexpr std::size_t kLongest = 200;  // octets of a name or a detail

std::vector<std::string> lines_of(std::string_view text, std::size_t letters) {
  return wrapped(without_controls(text, kLongest), letters);
}

std::string_view class_of(const Rung& rung) {
  switch (rung.kind) {
    case RungKind::message: return "message";
    case RungKind::alert: return "alert";
    case RungKind::data: return "data";
    case RungKind::omitted: return "omitted";
    case RungKind::end: return "end";
  }
  return "";
}

std::string measure_of(const Rung& rung) {
  const std::string octets = fmt::format("{} octet{}", rung.octets, rung.octets == 1 ? "" : "s");
  return rung.at ? milliseconds(*rung.at) + ", " + octets : octets;
}

class Picture {
 public:
  void draw(const Rung& rung) { rung.crosses() ? draw_arrow(rung) : draw_remark(rung); }
  int height() const { return y_; }
  std::string take() { return std::move(out_); }

 private:
  enum class At : std::uint8_t { client, middle, server };

  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void text(At at, std::string_view kind, std::string_view words) {
    const int x = at == At::client ? kClientText : at == At::server ? kServerText : 50;
    const char* anchor = at == At::client ? "start" : at == At::server ? "end" : "middle";
    add(R"(<text class="{}" x="{}%" y="{}" text-anchor="{}">{}</text>)", kind, x, y_, anchor, html_text(words));
  }

  void draw_arrow(const Rung& rung) {
    const At near = from_client(rung) ? At::client : At::server;
    const At far = from_client(rung) ? At::server : At::client;
    add(R"(<g class="{}">)", class_of(rung));
    for (const std::string& line : lines_of(rung.name, kNameLetters)) {
      y_ += kName;
      text(near, "name", line);
    }
    const bool beside = columns(rung.name) <= kBesideLetters;
    if (beside) text(far, "measure", measure_of(rung));
    y_ += kArrow;
    add(R"svg(<line x1="{}%" y1="{}" x2="{}%" y2="{}" marker-end="url(#tip-{})"/>)svg",
        from_client(rung) ? kClientRail : kServerRail, y_, from_client(rung) ? kServerRail : kClientRail, y_,
        class_of(rung));
    std::string more = rung.detail;
    if (!beside) more += (more.empty() ? "" : ", ") + measure_of(rung);
    for (const std::string& line : lines_of(more, kDetailLetters)) {
      y_ += kDetail;
      text(near, "detail", line);
    }
    y_ += kGap;
    add("</g>");
  }

  void draw_remark(const Rung& rung) {
    add(R"(<g class="{}">)", class_of(rung));
    for (const std::string& line : lines_of(rung.name, kNameLetters)) {
      y_ += kName;
      text(At::middle, "name", line);
    }
    for (const std::string& line : lines_of(rung.detail, kDetailLetters)) {
      y_ += kDetail;
      text(At::middle, "detail", line);
    }
    y_ += kGap;
    add("</g>");
  }

  std::string out_;
  int y_ = kHead + 8;
};

std::string in_words(const std::vector<Rung>& rungs) {
  std::string out;
  for (const Rung& rung : rungs) {
    if (rung.crosses()) out += from_client(rung) ? "The client sends " : "The server sends ";
    out += rung.name;
    if (!rung.detail.empty()) out += " (" + rung.detail + ")";
    if (rung.at) out += " after " + milliseconds(*rung.at);
    out += ". ";
  }
  return out;
}

std::string tip(std::string_view kind) {
  return fmt::format(
      R"(<marker id="tip-{0}" class="{0}" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="10" markerHeight="10" )"
      R"(markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1L10 5L0 9z"/></marker>)",
      kind);
}

}  // namespace

std::string ladder_svg(const std::vector<Rung>& rungs) {
  Picture picture;
  for (const Rung& rung : rungs) picture.draw(rung);
  const int height = picture.height();
  const int foot = height - kGap;
  std::string out = fmt::format(
      R"(<svg class="ladder" width="100%" height="{}" role="img" aria-labelledby="ladder-title ladder-desc">)"
      "\n<title id=\"ladder-title\">The handshake, message by message</title>\n"
      "<desc id=\"ladder-desc\">{}</desc>\n",
      height, html_text(in_words(rungs), 20'000));
  out += "<defs>" + tip("message") + tip("alert") + tip("data") + "</defs>\n";
  out += fmt::format(R"(<text class="side" x="{}%" y="18" text-anchor="start">client</text>)"
                     R"(<text class="side" x="{}%" y="18" text-anchor="end">server</text>)",
                     kClientRail - 2, kServerRail + 2);
  for (const int rail : {kClientRail, kServerRail}) {
    out += fmt::format(R"(<line class="rail" x1="{0}%" y1="{1}" x2="{0}%" y2="{2}"/>)", rail, kHead, foot);
  }
  return out + "\n" + picture.take() + "</svg>\n";
}

}  // namespace symbolon::check
