#include "enroll/revocation_follower.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.h"
#include "enroll/authority_client.h"
#include "enroll/revocation_journal.h"

namespace symbolon::enroll {
namespace {

using revocation::IssuerKey;
using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry{100};
constexpr std::uint64_t kLargestJournal = 4ULL << 30;  // octets
constexpr milliseconds kPatience{5'000};               // with an answer beyond the time that it may wait

Result<IssuerKey> issuer_key(const std::string& hex) {
  const Bytes octets = TRY(from_hex(hex));
  IssuerKey key;
  if (octets.size() != key.octets.size() + key.name.size()) return fail(Code::bad_request, "'{}' is no issuer", hex);
  const auto name =
      std::ranges::copy_n(octets.begin(), static_cast<std::ptrdiff_t>(key.octets.size()), key.octets.begin());
  std::ranges::copy(name.in, octets.end(), key.name.begin());
  return key;
}

ClientTimes times_of(const FollowerOptions& options) { return {.call = options.wait + kPatience}; }

struct Entry {
  IssuerKey issuer;
  x509::SerialNumber serial;
  UnixSeconds at;
};

Result<std::vector<Entry>> entries_of(const api::FeedPage& page) {
  std::map<std::string, IssuerKey> issuers;
  for (const std::string& issuer : page.issuers) {
    const IssuerKey key = TRY(issuer_key(issuer));
    issuers.emplace(to_hex(key.octets), key);
  }
  std::vector<Entry> out;
  out.reserve(page.entries.size());
  for (const api::FeedEntry& entry : page.entries) {
    const auto issuer = issuers.find(entry.issuer);
    if (issuer == issuers.end()) return fail(Code::bad_request, "entry {} is of no issuer of its page", entry.number);
    const auto serial = TRY(x509::SerialNumber::parse(entry.serial));
    out.push_back({issuer->second, serial, entry.at});
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
  Status read_journal() {
    if (!options.journal) return {};
    const auto content = read_file(*options.journal, kLargestJournal);
    if (!content && content.error().code == Code::file_missing) return {};
    revocation::RevocationSet::Builder builder;
    const JournalVisitor visitor{.issuer =
                                     [&](const IssuerKey& key) {
                                       builder.issuer(key, {});
                                       journaled.insert(to_hex(key.octets) + to_hex(key.name));
                                     },
                                 .entry = [&](const IssuerKey& key, const x509::SerialNumber& serial,
                                              UnixSeconds at) { builder.add(key, serial, at); }};
    const JournalEnd end = enroll::read_journal(TRY(content), visitor);
    if (end.lost != 0) {
      log(LogLevel::warning, fmt::format("{}: {} octets at its end cannot be read; the authority is asked again",
                                         options.journal->string(), end.lost));
      std::error_code problem;
      std::filesystem::resize_file(*options.journal, end.good, problem);
      if (problem) return fail_at(options.journal->string(), Code::file_unwritable, "{}", problem.message());
    }
    source->swap(builder.build());
    place = journaled_place = end.place;
    heard = journaled_at = end.heard;
    return {};
  }

  // The authority's answer stands in the journal before the authority hears that it is enforced. Without one that can
  // be written, it is enforced all the same.
  void keep(const api::FeedPage& page) {
    if (!options.journal) return;
    std::vector<IssuerKey> further;
    for (const std::string& issuer : page.issuers) {
      const auto key = issuer_key(issuer);
      if (key && !journaled.contains(issuer)) further.push_back(*key);
    }
    const bool nothing_new = further.empty() && page.entries.empty() && place == journaled_place;
    if (nothing_new && heard && journaled_at && *heard - *journaled_at < mark_period()) return;
    const std::string records = journal_records(further, page, place, clock.now());
    if (const Status kept = append_to_file(*options.journal, records, 0600); !kept) {
      if (!std::exchange(journal_failed, true)) log(LogLevel::error, kept.error());
      return;
    }
    if (std::exchange(journal_failed, false)) log(LogLevel::info, "revocations are kept on disk again");
    journaled.insert(page.issuers.begin(), page.issuers.end());
    journaled_place = place;
    journaled_at = clock.now();
  }
  Seconds mark_period() const { return std::clamp(Seconds{options.stale_after.count / 6}, Seconds{1}, kMinute * 10); }

  // One page; empty ones too.
  Result<api::FeedPage> ask(const FeedPlace& after, milliseconds wait) {
    return client->feed({.gateway = options.name,
                         .process = options.process,
                         .version = SYMBOLON_VERSION,
                         .after = after.number,
                         .digest = after.digest,
                         .wait = static_cast<std::int64_t>(wait.count())});
  }

  // All there is, beside what is enforced now: built whole, then swapped in. Nothing that was enforced is forgotten,
  // not even what the authority does not know any more. `from`: what is enforced up to there is not asked for again.
  Status read_all(FeedPlace from = {}) {
    const auto enforced = source->current();
    revocation::RevocationSet::Builder builder;
    builder.add(*enforced);
    FeedPlace reached = std::move(from);
    api::FeedPage page;
    do {
      page = TRY(ask(reached, milliseconds(0)));
      for (const std::string& issuer : page.issuers) {
        const IssuerKey key = TRY(issuer_key(issuer));
        if (!enforced->knows(key)) builder.issuer(key, {});
      }
      const auto entries = TRY(entries_of(page));
      for (const Entry& entry : entries) builder.add(entry.issuer, entry.serial, entry.at);
      if (page.behind) say_forgotten(reached);
      reached = beyond(reached, page);
      place = reached;
      if (thread.joinable()) {  // connections are judged meanwhile: the next question says that this is enforced
        for (const Entry& entry : entries) source->add(entry.issuer, entry.serial, entry.at);
      }
      drop_known(page, entries, *enforced);
      keep(page);
    } while (page.more || page.behind);
    source->swap(builder.build());
    issuers = page.issuers;
    note({});
    return {};
  }

  // What stands in the journal already.
  static void drop_known(api::FeedPage& page, const std::vector<Entry>& entries,
                         const revocation::RevocationSet& enforced) {
    std::vector<api::FeedEntry> further;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!enforced.revoked(entries[i].issuer, entries[i].serial)) further.push_back(std::move(page.entries[i]));
    }
    page.entries = std::move(further);
  }

  static void say_forgotten(const FeedPlace& place) {
    log(LogLevel::error, "the authority has forgotten revocations: what is enforced here stays enforced",
        {{"number", std::to_string(place.number)}});
  }

  Status follow_on() {
    const api::FeedPage page = TRY(ask(place, options.wait));
    const auto entries = TRY(entries_of(page));
    for (const Entry& entry : entries) source->add(entry.issuer, entry.serial, entry.at);
    if (page.behind) return read_all(place);
    place = beyond(place, page);
    const bool further_ca = page.issuers != issuers;
    if (!further_ca) {
      keep(page);
      return {};
    }
    TRY(read_all());  // its certificates, too, are judged by this feed
    options.on_issuers_changed();
    return {};
  }

  // With what the journal holds, where that is fresh enough; a gateway that the authority turns away does not start.
  Status start_without(const Error& why) {
    if (why.code != Code::authority_unreachable || !heard) return std::unexpected(why);
    const Seconds age = std::max(clock.now() - *heard, Seconds{0});
    if (age > options.stale_after) {
      return fail_at(why.where, why.code, "{}; what it said last is {} old, and `stale_after` is {}", why.words,
                     to_words(age), to_words(options.stale_after));
    }
    note(std::unexpected(why));
    source->good_until(*heard + options.stale_after);
    return {};
  }

  Status begin() {
    TRY(read_journal());
    Status done = reach_again();
    if (done) done = read_all(place);
    if (!done) return start_without(done.error());
    return {};
  }

  void run() {
    milliseconds pause = kFirstRetry;
    while (!stopping()) {
      const Status done = client ? follow_on() : reach_again();
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
      heard = clock.now();
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
  std::set<std::string> journaled;   // issuers that stand in the journal
  FeedPlace journaled_place;         // likewise
  std::optional<UnixSeconds> journaled_at;
  bool journal_failed = false;
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
