// XMPP: a tag at a time. RFC 6120 §11.1 forbids comments, processing instructions and DTDs in a stream, so that a tag
// is all that has to be told from text.
#include <fmt/format.h>

#include "check/printable.h"
#include "check/starttls_machine.h"

namespace symbolon::check {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kTlsNamespace = "urn:ietf:params:xml:ns:xmpp-tls";

struct Tag {
  std::string_view name = {};        // without its prefix
  std::string_view attributes = {};  // as they came
  bool closing = false;
  bool empty = false;    // <name/>
  std::size_t used = 0;  // with the text before it; 0: it is not whole
};

std::size_t end_of_tag(std::string_view from) {
  char quote = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const char c = from[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return i;
    }
  }
  return std::string_view::npos;
}

Tag next_tag(std::string_view came) {
  const std::size_t begin = came.find('<');
  if (begin == std::string_view::npos) return {};
  const std::size_t end = end_of_tag(came.substr(begin));
  if (end == std::string_view::npos) return {};
  std::string_view inner = came.substr(begin + 1, end - 1);
  Tag tag;
  tag.used = begin + end + 1;
  tag.closing = inner.starts_with('/');
  if (tag.closing) inner.remove_prefix(1);
  tag.empty = inner.ends_with('/');
  if (tag.empty) inner.remove_suffix(1);
  tag.name = inner.substr(0, inner.find_first_of(kBlanks));
  tag.attributes = inner.substr(tag.name.size());
  if (const std::size_t colon = tag.name.find(':'); colon != std::string_view::npos) tag.name.remove_prefix(colon + 1);
  return tag;
}

// Is there an attribute of this name with this value; an empty value: with any.
bool has(const Tag& tag, std::string_view name, std::string_view value) {
  for (const char quote : {'\'', '"'}) {
    const std::string wanted =
        fmt::format("{}={}{}", name, quote, value) + (value.empty() ? "" : std::string(1, quote));
    const std::size_t at = tag.attributes.find(wanted);
    if (at != std::string_view::npos && at > 0 && kBlanks.find(tag.attributes[at - 1]) != std::string_view::npos)
      return true;
  }
  return false;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '\'': out += "&apos;"; break;
      default: out += c;
    }
  }
  return out;
}

// RFC 6120 §5.4.2: streams with their features, <starttls/>, <proceed/>.
class Xmpp final : public StartTlsMachine {
 public:
  Xmpp(XmppStream stream, std::string server) : stream_(stream), server_(std::move(server)) {}

 private:
  enum class State : std::uint8_t {
    header,    // its <stream:stream>
    features,  // <stream:features>
    listed,    // what stands in there
    answer,    // to <starttls/>
    proceed,   // </proceed>
    error,     // what stands in <stream:error>
  };

  std::string_view protocol() const { return stream_ == XmppStream::client ? "xmpp" : "xmpp-server"; }

  Step begin() override {
    const std::string to = server_.empty() ? std::string() : fmt::format(" to='{}'", escaped(server_));
    return {.send = fmt::format("<?xml version='1.0'?><stream:stream{} version='1.0' xmlns='jabber:{}' "
                                "xmlns:stream='http://etherx.jabber.org/streams'>",
                                to, stream_ == XmppStream::client ? "client" : "server")};
  }

  Result<Step> take(std::string_view came) override {
    if (state_ == State::header) {
      const std::size_t first = came.find_first_not_of(kBlanks);
      if (first != std::string_view::npos && came[first] != '<') return other_protocol(protocol(), came);
    }
    const Tag tag = next_tag(came);
    if (tag.used == 0) return Step{};
    Step step = TRY(on(tag, came));
    step.used = tag.used;
    return step;
  }

  Result<Step> on(const Tag& tag, std::string_view came) {
    if (state_ == State::error) return stream_error(tag);
    if (state_ != State::header && tag.name == "error" && !tag.closing) {
      state_ = State::error;
      return Step{};
    }
    if (state_ != State::header && tag.name == "stream" && tag.closing)
      return fail(Code::starttls_refused, "the server closed the stream");
    switch (state_) {
      case State::header: return on_header(tag, came);
      case State::features:
        if (tag.name != "features" || tag.closing) return other_protocol(protocol(), came);
        if (tag.empty) return on_features();
        state_ = State::listed;
        return Step{};
      case State::listed:
        offered_ = offered_ || (tag.name == "starttls" && has(tag, "xmlns", kTlsNamespace));
        if (tag.name == "features" && tag.closing) return on_features();
        return Step{};
      case State::answer:
        if (tag.name == "proceed" && !tag.closing) {
          state_ = State::proceed;
          return Step{.ready = tag.empty};
        }
        if (tag.name == "failure") return fail(Code::starttls_refused, "<starttls/> was answered with <failure/>");
        return other_protocol(protocol(), came);
      case State::proceed:
        if (tag.name != "proceed" || !tag.closing) return other_protocol(protocol(), came);
        return Step{.ready = true};
      case State::error: break;
    }
    return Step{};
  }

  Result<Step> on_header(const Tag& tag, std::string_view came) {
    if (tag.name == "?xml") return Step{};
    if (tag.name != "stream" || tag.closing) return other_protocol(protocol(), came);
    // RFC 6120 §4.7.5: a server without `version` knows no features.
    if (!has(tag, "version", ""))
      return fail(Code::starttls_not_offered, "the server's stream has no version: it knows no features");
    state_ = State::features;
    return Step{};
  }

  Result<Step> on_features() {
    if (!offered_) return fail(Code::starttls_not_offered, "<starttls/> is not among the features of the stream");
    state_ = State::answer;
    return Step{.send = fmt::format("<starttls xmlns='{}'/>", kTlsNamespace)};
  }

  // RFC 6120 §4.9.3: the condition is the name of what stands in it.
  Result<Step> stream_error(const Tag& tag) const {
    return fail(Code::starttls_refused, "the server ended the stream: {} (\"{}\" was asked for)",
                printable(tag.name.substr(0, 60)), printable(server_));
  }

  XmppStream stream_;
  std::string server_;
  State state_ = State::header;
  bool offered_ = false;
};

}  // namespace

std::unique_ptr<StartTlsMachine> xmpp_machine(XmppStream stream, std::string server) {
  return std::make_unique<Xmpp>(stream, std::move(server));
}

}  // namespace symbolon::check
