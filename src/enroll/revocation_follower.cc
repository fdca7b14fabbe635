#include "enroll/revocation_follower.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "enroll/authority_client.h"

namespace symbolon::enroll {
namespace {

using revocation::IssuerKey;
using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry{100};
constexpr milliseconds kPatience{5'000};  // with an answer beyond the time that it may wait

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

// The newest entry that is enforced.
struct Place {
  std::int64_t number = 0;
  std::string digest = {};  // tells it from one that has its number in another history of the ledger

  // Of a page that follows it. The beginning: the authority does not know this entry.
  Place beyond(const api::FeedPage& page) const {
    if (page.behind) return {};
    if (page.entries.empty()) return *this;
    return {page.entries.back().number, page.digest.value_or("")};
  }
};

}  // namespace

struct RevocationFollower::Impl {
  Impl(FollowerOptions chosen, const Clock& time, AuthorityClient opened)
      : options(std::move(chosen)), clock(time), client(std::move(opened)) {}

  // One page; empty ones too.
  Result<api::FeedPage> ask(const Place& after, milliseconds wait) {
    return client->feed({.gateway = options.name,
                        .process = options.process,
                        .version = SYMBOLON_VERSION,
                        .after = after.number,
                        .digest = after.digest,
                        .wait = static_cast<std::int64_t>(wait.count())});
  }

  // All there is, beside what is enforced now: built whole, then swapped in. Nothing that was enforced is forgotten,
  // not even what the authority does not know any more.
  Status read_whole() {
    const auto enforced = source->current();
    revocation::RevocationSet::Builder builder;
    builder.add(*enforced);
    Place reached;
    api::FeedPage page;
    do {
      page = TRY(ask(reached, milliseconds(0)));
      for (const std::string& issuer : page.issuers) {
        const IssuerKey key = TRY(issuer_key(issuer));
        if (!enforced->knows(key)) builder.issuer(key, {});
      }
      const auto entries = TRY(entries_of(page));
      for (const Entry& entry : entries) builder.add(entry.issuer, entry.serial, entry.at);
      reached = reached.beyond(page);
    } while (page.more || page.behind);
    source->swap(builder.build());
    place = reached;
    issuers = page.issuers;
    note({});
    return {};
  }

  Status follow_on() {
    const api::FeedPage page = TRY(ask(place, options.wait));
    const auto entries = TRY(entries_of(page));
    for (const Entry& entry : entries) source->add(entry.issuer, entry.serial, entry.at);
    const Place before = place;
    if (!page.behind) place = place.beyond(page);
    const bool further_ca = page.issuers != issuers;
    if (!page.behind && !further_ca) return {};
    TRY(read_whole());  // a further CA: its certificates, too, are judged by this feed
    if (further_ca) options.on_issuers_changed();
    if (!page.behind) return {};
    log(LogLevel::error, "the authority has forgotten revocations: what is enforced here stays enforced",
        {{"number", std::to_string(before.number)}});
    return {};
  }

  void run() {
    milliseconds pause = kFirstRetry;
    while (!stopping()) {
      const Status done = follow_on();
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
      reach_again();
    }
  }

  // Whoever renewed the certificate is heard with the next connection.
  void reach_again() {
    auto again = options.reach(times_of(options));
    if (!again) return note(std::unexpected(std::move(again).error()));
    const std::lock_guard lock(mutex);
    if (!stop) *client = *std::move(again);
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
    client->cancel();
  }

  bool stopping() {
    const std::lock_guard lock(mutex);
    return stop;
  }

  const FollowerOptions options;
  const Clock& clock;
  std::optional<AuthorityClient> client;  // replaced by the thread, under the mutex
  Place place;                       // of the thread
  std::vector<std::string> issuers;  // likewise: of the last page
  std::shared_ptr<revocation::RevocationSource> source = std::make_shared<revocation::RevocationSource>();
  std::mutex mutex;  // guards all below
  std::condition_variable wake;
  FollowerState state;
  bool stop = false;
  std::thread thread;
};

Result<std::unique_ptr<RevocationFollower>> RevocationFollower::follow(FollowerOptions options, const Clock& clock) {
  auto client = TRY(options.reach(times_of(options)));
  auto impl = std::make_unique<Impl>(std::move(options), clock, std::move(client));
  TRY(impl->read_whole());
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
