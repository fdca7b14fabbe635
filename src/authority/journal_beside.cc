#include "authority/journal_beside.h"

#include "base/log.h"
#include "enroll/hand_back.h"

namespace symbolon::authority {
namespace {

// The newest signed head that stands there; none: there is none, or no journal.
Result<std::optional<enroll::KeptHead>> head_in(const Path& journal) {
  const enroll::JournalVisitor nothing{.issuer = [](const revocation::IssuerKey&) {},
                                       .entry = [](const revocation::Change&) {}};
  enroll::JournalEnd end;
  const Status read = enroll::read_journal(journal, nothing, end);
  if (!read && read.error().code != Code::file_missing) return std::unexpected(read.error());
  return std::move(end.head);
}

Status take_back(const Path& journal, TakingBack& taking_back, FeedHistory& history) {
  const auto head = TRY(head_in(journal));
  if (!head || TRY(history.has({head->head.head.count, head->head.head.hash}))) return {};
  const std::string gateway(api::kLocalGateway);
  const enroll::HandBackCall call = [&](const api::HandBackRequest& request) {
    return taking_back.hand_back(request, gateway);
  };
  // It counts as behind from here on, whatever the journal still has.
  const auto shown = TRY(call(
      {.gateway = gateway, .head = api::view_of(head->head), .before = to_hex(head->head.head.hash), .entries = {}}));
  if (shown.outcome != api::HandBackAnswer::Outcome::go_on) return {};
  const auto known = TRY(enroll::KnownBeyond::of(journal, TRY(history.past())));
  return enroll::hand_back(call, known, {.gateway = gateway, .head = *head});
}

}  // namespace

void take_back_from(const Path& journal, TakingBack& taking_back, FeedHistory& history) {
  const Status done = take_back(journal, taking_back, history);
  if (done) return;
  log(LogLevel::error, Error{done.error().code,
                             fmt::format("what the gateway's journal knows is not taken back: {}", done.error().words),
                             done.error().where.empty() ? journal.string() : done.error().where});
}

}  // namespace symbolon::authority
