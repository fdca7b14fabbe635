#include "check/starttls.h"

#include <algorithm>
#include <utility>

#include "check/greeting.h"
#include "check/printable.h"
#include "check/starttls_machine.h"

namespace symbolon::check {
namespace {

struct Protocol {
  StartTls protocol;
  std::string_view name;
  std::uint16_t port;
};
constexpr Protocol kProtocols[] = {
    {StartTls::smtp, "smtp", 25},
    {StartTls::imap, "imap", 143},
    {StartTls::pop3, "pop3", 110},
    {StartTls::ldap, "ldap", 389},
    {StartTls::xmpp, "xmpp", 5222},
    {StartTls::xmpp_server, "xmpp-server", 5269},
    {StartTls::postgres, "postgres", 5432},
    {StartTls::mysql, "mysql", 3306},
    {StartTls::ftp, "ftp", 21},
};

const Protocol& row_of(StartTls protocol) {
  const auto* const found = std::ranges::find(kProtocols, protocol, &Protocol::protocol);
  ENSURE(found != std::end(kProtocols));
  return *found;
}

std::unique_ptr<StartTlsMachine> machine_of(StartTls protocol, const StartTlsNames& names) {
  switch (protocol) {
    case StartTls::smtp: return smtp_machine(names.client);
    case StartTls::imap: return imap_machine();
    case StartTls::pop3: return pop3_machine();
    case StartTls::ldap: return ldap_machine();
    case StartTls::xmpp: return xmpp_machine(XmppStream::client, names.server);
    case StartTls::xmpp_server: return xmpp_machine(XmppStream::server, names.server);
    case StartTls::postgres: return postgres_machine();
    case StartTls::mysql: return mysql_machine();
    case StartTls::ftp: return ftp_machine();
  }
  abort_with(__FILE__, __LINE__, "a protocol of no kind");
}

bool may_become_tls(std::string_view octets) {
  return octets.size() < 3 && (octets[0] == 0x15 || octets[0] == 0x16) && (octets.size() < 2 || octets[1] == 0x03);
}

}  // namespace

std::string_view name(StartTls protocol) { return row_of(protocol).name; }

std::optional<StartTls> starttls_from_name(std::string_view name) {
  for (const Protocol& one : kProtocols) {
    if (one.name == name) return one.protocol;
  }
  return {};
}

std::vector<std::string> starttls_names() {
  std::vector<std::string> out;
  for (const Protocol& one : kProtocols) out.emplace_back(one.name);
  return out;
}

std::uint16_t default_port(StartTls protocol) { return row_of(protocol).port; }

// -- the dialogue

StartTlsDialogue::StartTlsDialogue(StartTls protocol, const StartTlsNames& names)
    : protocol_(protocol), machine_(machine_of(protocol, names)) {
  const Step first = machine_->begin();
  output_ = first.send;
  if (!output_.empty()) note(Said::By::us, first.send, first.says);
}

StartTlsDialogue::StartTlsDialogue(StartTlsDialogue&&) noexcept = default;
StartTlsDialogue::~StartTlsDialogue() = default;

std::string StartTlsDialogue::take_output() { return std::exchange(output_, {}); }

Status StartTlsDialogue::take(ByteView octets) {
  if (!failure_ && !octets.empty()) {
    const std::size_t room = std::min(octets.size(), StartTlsLimits::kOctets - taken_);
    came_ += as_text(octets.first(room));
    taken_ += room;
    if (Status done = advance(); !done) failure_ = std::move(done).error();
    if (!failure_ && !ready_ && room < octets.size()) {
      failure_ = Error{Code::peer_sends_too_much,
                       fmt::format("more than {} octets came, and no end of it", StartTlsLimits::kOctets)};
    }
    if (!failure_ && ready_ && (!came_.empty() || room < octets.size())) {
      note(Said::By::server, came_, {});
      failure_ = Error{Code::peer_sends_too_much,
                       fmt::format("behind its go-ahead the server, or somebody on the way, sent more in the clear, "
                                   "which a careless client takes for a part of the TLS connection: {}",
                                   in_quotes(came_))};
    }
    if (failure_) output_.clear();
  }
  if (failure_) return std::unexpected(*failure_);
  return {};
}

Status StartTlsDialogue::advance() {
  while (!ready_ && !came_.empty() && !may_become_tls(came_)) {
    if (begins_like_tls(came_)) return other_protocol(name(protocol_), came_);
    auto step = machine_->take(came_);
    if (!step) {
      note(Said::By::server, came_.substr(0, came_.find('\n')), {});
      return std::unexpected(std::move(step).error());
    }
    if (step->used == 0) break;
    ENSURE(step->used <= came_.size());
    note(Said::By::server, std::string_view(came_).substr(0, step->used), step->heard);
    came_.erase(0, step->used);
    if (!step->send.empty()) note(Said::By::us, step->send, step->says);
    output_ += step->send;
    ready_ = step->ready;
  }
  return {};
}

Error StartTlsDialogue::ended(std::string_view how) const {
  if (failure_) return *failure_;
  if (heard_nothing()) return {Code::starttls_refused, fmt::format("{} before the server said anything", how)};
  if (!came_.empty()) return {Code::starttls_refused, fmt::format("{} in the middle of {}", how, in_quotes(came_))};
  const auto last = std::ranges::find(said_.rbegin(), said_.rend(), Said::By::server, &Said::by);
  return {Code::starttls_refused,
          fmt::format("{} after the server had said \"{}\"", how, last == said_.rend() ? "" : last->text)};
}

void StartTlsDialogue::note(Said::By by, std::string_view octets, std::string_view words) {
  // Beginning and end say the most.
  if (said_.size() == StartTlsLimits::kSaid) said_.erase(said_.begin() + StartTlsLimits::kSaid / 2);
  std::string text = words.empty() ? std::string() : std::string(words);
  if (words.empty()) {
    while (octets.ends_with('\n') || octets.ends_with('\r')) octets.remove_suffix(1);
    text = printable(octets.substr(0, StartTlsLimits::kShown));
  }
  if (text.size() > StartTlsLimits::kShown) text = text.substr(0, StartTlsLimits::kShown) + "...";
  said_.push_back({by, std::move(text)});
}

}  // namespace symbolon::check
