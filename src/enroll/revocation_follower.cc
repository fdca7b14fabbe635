#include "enroll/revocation_follower.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "api/feed_block.h"
#include "base/log.h"
#include "base/memory_guard.h"
#include "enroll/authority_client.h"
#include "enroll/feed_check.h"
#include "enroll/feed_news.h"
#include "enroll/hand_back.h"
#include "enroll/revocation_journal.h"

namespace symbolon::enroll {
namespace {

using revocation::IssuerKey;
using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry{100};
constexpr Seconds kLeastPeriod{2};  // of marks in the journal, without news
constexpr Seconds kClockTolerance = kMinute * 5;
constexpr milliseconds kPatience{5'000};  // with an answer beyond the time that it may wait

ClientTimes times_of(const FollowerOptions& options) { return {.call = options.wait + kPatience}; }

constexpr int kMostTimesBack = 3;  // in one turn
constexpr int kMostReports = 5;    // likewise

}  // namespace

struct RevocationFollower::Impl {
  Impl(FollowerOptions chosen, const Clock& time) : options(std::move(chosen)), clock(time) {}

  // What the journal holds is enforced from here on.
  void read_journal() {
    if (!options.journal) return;
    journal.emplace(*options.journal);
    RevocationJournal::Found found = journal->take_found();
    source->swap(std::move(found.set));
    place = std::move(found.place);
    heard = found.heard;
    head = std::move(found.head);
    std::ignore = journal->reaches();  // it takes what comes from here on
  }

  // All up to `place` is enforced, and the authority says that it has no more. The next question tells it so, once it
  // is on the disk.
  Status keep() {
    if (!journal || !heard) return {};
    TRY(fill_journal());
    const Seconds period = std::clamp(Seconds{options.stale_after.count / 6}, kLeastPeriod, kMinute * 10);
    journal->mark(place, *heard, period);
    return {};
  }

  // One page; empty ones too.
  Result<Page> ask(const FeedPlace& after, milliseconds wait) {
    api::FeedPage said = TRY(client->feed({.gateway = options.name,
                                           .process = options.process,
                                           .version = SYMBOLON_VERSION,
                                           .after = after.number,
                                           .digest = after.digest,
                                           .head = newest_head(),
                                           .packed = true,
                                           .wait = static_cast<std::int64_t>(wait.count())}));
    if (said.ticket_keys) tell_ticket_keys(*said.ticket_keys);
    said.block = TRY(block_of(said));
    if (said.behind && (after.number == 0 || !said.block.empty())) {
      return fail(Code::bad_request, "the authority contradicts itself about its feed");
    }
    auto signed_head = TRY(head_said(said));
    Page out{.said = std::make_unique<const api::FeedPage>(std::move(said)),
             .block = {},
             .end = after,
             .head = std::move(signed_head)};
    if (out.said->behind) out.end = {};
    if (out.said->block.empty()) return out;
    out.block = TRY(api::FeedBlock::parse(out.said->block));
    if (out.block->first() != after.number + 1) {
      return fail(Code::bad_request, "entry {} does not follow entry {}", out.block->first(), after.number);
    }
    out.end = {out.block->last(), out.said->digest.value_or("")};
    return out;
  }

  void tell_ticket_keys(const std::string& generation) {
    const std::lock_guard lock(telling);
    if (ticket_keys == generation) return;
    ticket_keys = generation;
    if (on_ticket_keys) on_ticket_keys(generation);
  }

  // Of those that it was told, also where it could not hold them against its chain: a newer one is news, that one is
  // not.
  std::int64_t newest_head() const {
    std::uint64_t out = head ? head->head.head.count : 0;
    if (head_last) out = std::max(out, head_last->head.head.count);
    return static_cast<std::int64_t>(out);
  }

  // The one that a page says; its signature is verified once.
  Result<std::optional<KeptHead>> head_said(const api::FeedPage& page) {
    if (page.feed_head && page.feed_head == said_last) return head_last;
    auto out = TRY(head_of(page));
    if (out && head && head->key != out->key) {
      log(LogLevel::warning, "the key that signs how far the feed goes is another one than before",
          {{"code", std::string(name(Code::audit_head_not_ours))}});
    }
    said_last = page.feed_head;
    head_last = out;
    return out;
  }

  // Fails with feed_entry_not_ours. What it says of entries that a page has is checked with that page.
  Status check_head(const Page& page, const FeedPlace& before) {
    if (!page.head || page.said->behind) return {};
    const auto count = static_cast<std::int64_t>(page.head->head.head.count);
    if (count != before.number || count == 0 || to_hex(page.head->head.head.hash) == before.digest) return {};
    return fail(Code::feed_entry_not_ours, "entry {} is not the one that is signed", count);
  }

  // What it says can be held against the chain from there to the page's end.
  static bool is_of(const Page& page, const FeedPlace& before) {
    if (!page.head) return false;
    const auto count = static_cast<std::int64_t>(page.head->head.head.count);
    return count >= before.number && count <= page.end.number;
  }

  void add_to_journal(const Page& page) {
    if (journal) journal->add(page.said->issuers, page.block ? &*page.block : nullptr, page.end);
  }

  // The authority does not know the entry `place`. What it has forgotten is handed back, as far as it is signed; the
  // feed goes on from the newest past that both have, and nothing that is enforced here is forgotten.
  Result<FeedPlace> go_back(const Page& page) {
    if (!std::exchange(forgetting_said, true)) {
      log(LogLevel::error, "the authority has forgotten revocations: what is enforced here stays enforced",
          {{"number", std::to_string(place.number)}});
    }
    if (!journal) {
      forget_heads();
      return FeedPlace();
    }
    if (heard) journal->mark(place, *heard, kMinute);
    const auto reached = journal->reaches();
    if (reached != place || page.said->past.empty()) {
      journal->go_back({}, source->current());
      std::ignore = journal->reaches();  // it takes what comes from here on
      forget_heads();
      return FeedPlace();
    }
    const KnownBeyond known = TRY(KnownBeyond::of(*options.journal, page.said->past));
    if (head && static_cast<std::int64_t>(head->head.head.count) > known.common().number) {
      TRY(hand_back_what(known));
      forget_heads();
    }
    journal->go_back(known.common(), known.set());
    std::ignore = journal->reaches();
    return known.common();
  }

  void forget_heads() {
    head.reset();
    head_last.reset();
    said_last.reset();
  }

  // Where the authority wants none of it, that is said; where it cannot be asked now, it is tried again.
  Status hand_back_what(const KnownBeyond& known) {
    const auto call = [this](const api::HandBackRequest& request) { return client->hand_back(request); };
    const Status done = hand_back(call, known, {.gateway = options.name, .head = *head});
    if (done) return {};
    const Code code = done.error().code;
    const bool refused = code == Code::audit_head_not_ours || code == Code::feed_entry_not_ours ||
                         code == Code::bad_request || code == Code::not_found;
    if (!refused) return done;
    log(LogLevel::error,
        "the authority does not take back what it has forgotten: it is enforced here all the same: " +
            done.error().text(),
        {{"code", std::string(name(code))}});
    return {};
  }

  // `page`, which follows `place`, and all that follows it, to the end.
  Status take_all_from(Page page) {
    Status done = try_to_take_all_from(std::move(page));
    if (!done && journal) journal->drop_unmarked();
    return done;
  }

  Status try_to_take_all_from(Page first) {
    News news;
    Checks checks;
    FeedPlace before = place;
    auto page = std::make_shared<const Page>(std::move(first));
    std::optional<KeptHead> newest = head;
    int times_back = 0;
    while (true) {
      if (page->said->behind) {
        if (++times_back > kMostTimesBack) {
          return fail(Code::bad_request, "the authority contradicts itself about its feed");
        }
        TRY(checks.finish());
        news.enforce(*source);
        news = News();
        place = TRY(go_back(*page));
        newest = head;
        page = std::make_shared<const Page>(TRY(ask(place, milliseconds(0))));
        before = place;
        continue;
      }
      TRY(check_head(*page, before));
      if (is_of(*page, before)) newest = page->head;
      if (page->block) TRY(checks.add(page, before));
      TRY(news.add(*page));
      add_to_journal(*page);
      before = page->end;
      if (!page->said->more) break;
      page = std::make_shared<const Page>(TRY(ask(page->end, milliseconds(0))));
    }
    TRY(checks.finish());
    news.enforce(*source);
    place = page->end;
    issuers = page->said->issuers;
    heard = clock.now();
    if (newest) head = newest;
    forgetting_said = false;
    if (journal && head) journal->keep_head(*head);
    return {};
  }

  // The journal may lack what is enforced: the disk refused it, or another process wrote it.
  Status fill_journal() {
    auto reached = journal->reaches();
    while (reached && *reached != place) {
      const Page page = TRY(ask(*reached, milliseconds(0)));
      if (page.said->behind) {
        journal->go_back({}, source->current());
      } else {
        if (page.block) TRY(check_page(reached->digest, *page.block, page.end.digest, page.head));
        add_to_journal(page);
        if (page.end.number >= place.number) {  // there may be news
          News news;
          TRY(news.add(page));
          news.enforce(*source);
          place = page.end;
        }
        if (page.end == *reached) break;
      }
      reached = journal->reaches();
    }
    return {};
  }

  Status catch_up() { return take_all_from(TRY(ask(place, milliseconds(0)))); }

  Status follow_on() {
    Page page = TRY(ask(place, options.wait));
    const bool further_ca = !issuers.empty() && page.said->issuers != issuers;
    TRY(take_all_from(std::move(page)));
    if (further_ca) options.on_issuers_changed();
    TRY(keep());
    report_what_was_seen();
    return {};
  }

  // Best effort. What the authority does not take now is said again with the next connection.
  void report_what_was_seen() {
    const std::lock_guard lock(reporting);
    for (int i = 0; seen && !seen_refused && i < kMostReports; ++i) {
      const auto page = seen->next(issuers);
      if (page && page->certificates.empty()) return;
      const auto answer = page ? client->report_seen(*page) : page;
      if (answer) {
        seen->said(*page);
        continue;
      }
      seen_refused = true;
      if (stopping() || answer.error().code == Code::authority_unreachable) return;  // the next question says so
      log(LogLevel::warning, "the authority is not told whom this gateway has seen: " + answer.error().text(),
          {{"code", std::string(name(answer.error().code))}});
    }
  }

  // With what the journal holds, where that is of this authority and fresh enough. A gateway that the authority turns
  // away does not start.
  Status start_without(const Error& why) {
    if (why.code != Code::authority_unreachable || !heard) return std::unexpected(why);
    const auto refuse = [&](const std::string& words) {
      return fail_at(why.where, why.code, "{}; {}", why.words, words);
    };
    for (const x509::Certificate& anchor : options.anchors) {
      if (source->current()->knows(IssuerKey::of(anchor))) continue;
      return refuse(fmt::format("what was heard before does not speak of {}", anchor.text()));
    }
    const UnixSeconds now = clock.now();
    if (*heard > now + kClockTolerance) return refuse("what it said last is dated in the future: look at the clock");
    const UnixSeconds last = std::min(*heard, now);
    if (now - last > options.stale_after) {
      return refuse(fmt::format("what it said last is {} old, and `stale_after` is {}", to_words(now - last),
                                to_words(options.stale_after)));
    }
    note(std::unexpected(why));
    source->good_until(last + options.stale_after);
    return {};
  }

  Status begin() {
    read_journal();
    Status done = reach_again();
    if (done) done = catch_up();
    give_memory_back();
    if (!done) return start_without(done.error());
    note({});
    return {};
  }

  Status turn() {
    if (!client) TRY(reach_again());
    return client ? follow_on() : Status();  // none: it is to stop
  }

  void run() {
    milliseconds pause = kFirstRetry;
    const Status kept = client ? unless_out_of_memory([this] { return keep(); }) : Status();  // what begin() has heard
    if (!kept) note(kept);
    while (!stopping()) {
      const Status done = unless_out_of_memory([this] { return turn(); });
      if (stopping()) return;
      note(done);
      if (done) {
        pause = kFirstRetry;
        continue;
      }
      {
        std::unique_lock lock(mutex);
        wake.wait_for(lock, pause, [this] { return stop; });
      }
      pause = std::min(pause * 2, options.longest_retry);
      const std::lock_guard lock(mutex);
      if (!stop) client.reset();
    }
  }

  // Whoever renewed the certificate is heard with the next connection.
  Status reach_again() {
    auto again = TRY(options.reach(times_of(options)));
    {
      const std::lock_guard lock(reporting);
      if (seen) seen->start_anew();
      seen_refused = false;
    }
    const std::lock_guard lock(mutex);
    if (!stop) client = std::move(again);
    return {};
  }

  // Said once when it breaks, and once when it is whole again.
  void note(const Status& outcome) {
    const std::lock_guard lock(mutex);
    state.number = static_cast<std::uint64_t>(place.number);
    if (outcome) {
      source->good_until(clock.now() + options.stale_after);
      if (state.broken) log(LogLevel::info, "revocations arrive again");
      state.broken.reset();
      state.why.reset();
      return;
    }
    if (!state.broken) {
      log(LogLevel::error,
          fmt::format("revocations do not arrive: the last known ones are enforced, after {} certificates of this "
                      "authority are refused: {}",
                      to_words(options.stale_after), outcome.error().text()),
          {{"code", std::string(name(outcome.error().code))}});
      state.broken = clock.now();
    }
    state.why = outcome.error();
  }

  void cancel() {
    const std::lock_guard lock(mutex);
    if (client) client->cancel();
  }

  bool stopping() {
    const std::lock_guard lock(mutex);
    return stop;
  }

  const FollowerOptions options;
  const Clock& clock;
  std::optional<AuthorityClient> client;  // replaced by the thread, under the mutex
  // Of the thread:
  FeedPlace place;
  std::vector<std::string> issuers;          // of the last page
  std::optional<UnixSeconds> heard;          // when the authority said so last
  std::optional<KeptHead> head;              // the newest signed one of an entry up to `place`
  std::optional<api::SignedHead> said_last;  // of a page, and
  std::optional<KeptHead> head_last;         // the same, verified
  bool forgetting_said = false;
  std::optional<RevocationJournal> journal;
  std::shared_ptr<revocation::RevocationSource> source = std::make_shared<revocation::RevocationSource>();
  std::mutex reporting;  // guards the next two, and is held while the inventory and the authority are asked
  std::optional<SeenReport> seen;
  bool seen_refused = false;  // by this connection
  std::mutex telling;         // guards the next two, and is held while the hook runs
  std::optional<std::string> ticket_keys;
  std::function<void(const std::string& generation)> on_ticket_keys;
  std::mutex mutex;  // guards all below
  std::condition_variable wake;
  FollowerState state;
  bool stop = false;
  std::thread thread;
};

Result<std::unique_ptr<RevocationFollower>> RevocationFollower::follow(FollowerOptions options, const Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(options), clock);
  TRY(impl->begin());
  impl->thread = std::thread([raw = impl.get()] { raw->run(); });
  return std::unique_ptr<RevocationFollower>(new RevocationFollower(std::move(impl)));
}

RevocationFollower::RevocationFollower(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RevocationFollower::~RevocationFollower() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_all();
  impl_->cancel();
  impl_->thread.join();
}

std::shared_ptr<const revocation::RevocationSource> RevocationFollower::source() const { return impl_->source; }

FollowerState RevocationFollower::state() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->state;
}

void RevocationFollower::report_seen(SeenReport::Ask inventory) {
  const std::lock_guard lock(impl_->reporting);
  impl_->seen.reset();
  if (inventory) impl_->seen.emplace(std::move(inventory));
}

void RevocationFollower::on_ticket_keys(std::function<void(const std::string& generation)> hook) {
  const std::lock_guard lock(impl_->telling);
  impl_->on_ticket_keys = std::move(hook);
  if (impl_->on_ticket_keys && impl_->ticket_keys) impl_->on_ticket_keys(*impl_->ticket_keys);
}

}  // namespace symbolon::enroll
