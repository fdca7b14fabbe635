#include "enroll/revocation_follower.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/memory_guard.h"
#include "enroll/authority_client.h"
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

// In the order of the page's entries.
Result<std::vector<revocation::Change>> changes_of(const api::FeedPage& page) {
  std::map<std::string, IssuerKey> issuers;
  for (const std::string& issuer : page.issuers) {
    const IssuerKey key = TRY(issuer_key(issuer));
    issuers.emplace(to_hex(key.octets), key);
  }
  std::vector<revocation::Change> out;
  out.reserve(page.entries.size());
  for (const api::FeedEntry& entry : page.entries) {
    const auto issuer = issuers.find(entry.issuer);
    if (issuer == issuers.end()) return fail(Code::bad_request, "entry {} is of no issuer of its page", entry.number);
    const auto serial = TRY(x509::SerialNumber::parse(entry.serial));
    out.push_back({issuer->second, serial, entry.at, effect_of(entry.reason)});
  }
  return out;
}

// Of a page that follows `place`. The beginning: the authority does not know this entry.
FeedPlace beyond(const FeedPlace& place, const api::FeedPage& page) {
  if (page.behind) return {};
  if (page.entries.empty()) return place;
  return {page.entries.back().number, page.digest.value_or("")};
}

}  // namespace

struct RevocationFollower::Impl {
  Impl(FollowerOptions chosen, const Clock& time) : options(std::move(chosen)), clock(time) {}

  // What the journal holds is enforced from here on.
  void read_journal() {
    if (!options.journal) return;
    journal.emplace(*options.journal);
    source->swap(journal->found().set);
    place = journal->found().place;
    heard = journal->found().heard;
  }

  // All up to `place` is enforced, and the authority says that it has no more. The next question tells it so.
  void whole_until_now() {
    heard = clock.now();
    const Seconds period = std::clamp(Seconds{options.stale_after.count / 6}, kLeastPeriod, kMinute * 10);
    if (journal) journal->mark(place, *heard, period, *source->current());
  }

  // One page; empty ones too.
  Result<api::FeedPage> ask(const FeedPlace& after, milliseconds wait) {
    return client->feed({.gateway = options.name,
                         .process = options.process,
                         .version = SYMBOLON_VERSION,
                         .after = after.number,
                         .digest = after.digest,
                         .wait = static_cast<std::int64_t>(wait.count())});
  }

  // Entries of a page, beside what is enforced already: also those that would take back what nobody may.
  Status enforce(const api::FeedPage& page) {
    for (const std::string& issuer : page.issuers) {
      if (source->current()->knows(TRY(issuer_key(issuer)))) continue;
      revocation::RevocationSet::Builder builder;
      builder.add(*source->current()).issuer(TRY(issuer_key(issuer)), {});
      source->swap(builder.build());
    }
    const auto changes = TRY(changes_of(page));
    std::vector<revocation::Change> effective;
    std::vector<api::FeedEntry> further;
    for (const std::size_t index : source->current()->effective(changes)) {
      effective.push_back(changes[index]);
      further.push_back(page.entries[index]);
    }
    source->apply(effective);
    if (!journal) return {};
    journal->add(page.issuers, further);
    return {};
  }

  // What follows `place`, to the end. Nothing that was enforced is forgotten, not even what the authority does not know
  // any more.
  Status catch_up() {
    FeedPlace reached = place;
    api::FeedPage page;
    do {
      page = TRY(ask(reached, milliseconds(0)));
      TRY(enforce(page));
      if (page.behind) {
        log(LogLevel::error, "the authority has forgotten revocations: what is enforced here stays enforced",
            {{"number", std::to_string(reached.number)}});
      }
      reached = beyond(reached, page);
    } while (page.more || page.behind);
    place = reached;
    issuers = page.issuers;
    whole_until_now();
    return {};
  }

  Status follow_on() {
    const api::FeedPage page = TRY(ask(place, options.wait));
    TRY(enforce(page));
    const bool further_ca = !issuers.empty() && page.issuers != issuers;
    if (page.behind || page.more) {
      TRY(catch_up());
    } else {
      place = beyond(place, page);
      issuers = page.issuers;
      whole_until_now();
    }
    if (further_ca) options.on_issuers_changed();
    return {};
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
  std::vector<std::string> issuers;  // of the last page
  std::optional<UnixSeconds> heard;  // when the authority said so last
  std::optional<RevocationJournal> journal;
  std::shared_ptr<revocation::RevocationSource> source = std::make_shared<revocation::RevocationSource>();
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

}  // namespace symbolon::enroll
