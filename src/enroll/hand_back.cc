#include "enroll/hand_back.h"

#include <algorithm>
#include <map>

#include "base/log.h"

namespace symbolon::enroll {
namespace {

using revocation::IssuerKey;

// Of the entries in the journal's blocks, in order.
template <typename Visit>  // void(const api::FeedBlock&, number, const api::PackedEntry&, hash before, hash after)
Status walk(const Path& journal, std::map<std::string, IssuerKey>& issuers, Visit visit) {
  crypto::Sha256 hash = revocation::feed_chain_begin();
  const JournalVisitor visitor{.issuer = [&](const IssuerKey& key) { issuers.emplace(to_hex(key.octets), key); },
                               .entry = [](const revocation::Change&) {},
                               .block =
                                   [&](const api::FeedBlock& block) {
                                     std::int64_t number = block.first();
                                     block.for_each([&](const api::PackedEntry& entry) {
                                       const crypto::Sha256 before = hash;
                                       hash = revocation::feed_chain_next(before, chain_entry_of(block, entry));
                                       visit(block, number++, entry, before, hash);
                                     });
                                   }};
  JournalEnd end;
  return read_journal(journal, visitor, end);
}

}  // namespace

Result<KnownBeyond> KnownBeyond::of(const Path& journal, const std::vector<api::FeedMark>& past) {
  KnownBeyond out;
  std::map<std::int64_t, std::string> marks;
  for (const api::FeedMark& mark : past) marks.emplace(mark.number, mark.hash);
  TRY(walk(journal, out.issuers_,
           [&](const auto&, std::int64_t number, const auto&, const auto&, const crypto::Sha256& after) {
             const auto mark = marks.find(number);
             if (mark != marks.end() && mark->second == to_hex(after)) out.common_ = {number, mark->second};
           }));
  TRY(walk(journal, out.issuers_,
           [&](const api::FeedBlock& block, std::int64_t number, const api::PackedEntry& entry,
               const crypto::Sha256& before, const auto&) {
             if (number <= out.common_.number) return;
             if (out.pieces_.empty() || out.pieces_.back().entries.size() == api::HandBackRequest::kMostEntries) {
               out.pieces_.push_back({.first = number, .before = to_hex(before), .entries = {}});
             }
             out.pieces_.back().entries.push_back(block.entry(number, entry));
           }));
  return out;
}

std::shared_ptr<const revocation::RevocationSet> KnownBeyond::set() const {
  revocation::RevocationSet::Builder builder;
  for (const auto& [name, key] : issuers_) builder.issuer(key, {});
  for (const Piece& piece : pieces_) {
    for (const api::FeedEntry& entry : piece.entries) {
      const auto serial = x509::SerialNumber::parse(entry.serial);
      if (serial) builder.change({issuers_.at(entry.issuer), *serial, entry.at, effect_of(entry.reason)});
    }
  }
  return builder.build();
}

std::int64_t KnownBeyond::newest() const {
  if (pieces_.empty()) return common_.number;
  return pieces_.back().first + static_cast<std::int64_t>(pieces_.back().entries.size()) - 1;
}

api::HandBackRequest KnownBeyond::page_to(std::int64_t last) const {
  const auto begins_later = [&](const Piece& piece) { return piece.first > last; };
  const auto piece = std::prev(std::ranges::find_if(pieces_, begins_later));
  api::HandBackRequest out;
  out.before = piece->before;
  const auto count = std::min<std::size_t>(static_cast<std::size_t>(last - piece->first + 1), piece->entries.size());
  out.entries.assign(piece->entries.begin(), piece->entries.begin() + static_cast<std::ptrdiff_t>(count));
  return out;
}

Status hand_back(const HandBackCall& call, const KnownBeyond& known, const HandBackTerms& terms) {
  const auto newest = static_cast<std::int64_t>(terms.head.head.head.count);
  std::int64_t next = newest;
  std::int64_t taken = 0;
  std::int64_t questions = 2 * (newest - known.common().number) / 100 + 16;  // it does not go round in circles
  for (; questions > 0; --questions) {
    if (next <= known.common().number || next > known.newest()) {
      return fail(Code::bad_request, "the authority wants entry {} back; known are {} to {}", next,
                  known.common().number + 1, known.newest());
    }
    api::HandBackRequest request = known.page_to(next);
    request.gateway = terms.gateway;
    request.head = api::view_of(terms.head.head);
    const api::HandBackAnswer answer = TRY(call(request));
    taken += answer.taken;
    if (answer.outcome == api::HandBackAnswer::Outcome::go_on) {
      next = answer.next;
      continue;
    }
    const bool done = answer.outcome == api::HandBackAnswer::Outcome::done;
    log(LogLevel::warning,
        done ? "the authority has taken back revocations that it had forgotten"
             : "an operator of the authority gave up revocations that it had forgotten: they are "
               "enforced here all the same",
        {{"entries", std::to_string(taken)}, {"number", std::to_string(newest)}});
    return {};
  }
  return fail(Code::bad_request, "the authority asks for the same entries again and again");
}

}  // namespace symbolon::enroll
