#include "gateway/ticket_key_sharing.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "base/memory_guard.h"
#include "crypto/digest.h"
#include "tls/ticket_keys.h"

namespace symbolon::gateway {
namespace {

using std::chrono::milliseconds;
using tls::SharedTicketKey;
using tls::TicketKeys;
using Instant = std::chrono::steady_clock::time_point;

Instant now() { return std::chrono::steady_clock::now(); }

// Up to the span, so that gateways that began together do not go on together.
milliseconds part_of(milliseconds span) { return span * crypto::random_bytes(1).front() / 256; }

// Fails with bad_request.
Result<std::vector<SharedTicketKey>> keys_of(const api::TicketDomain& domain) {
  static_assert(sizeof(tls::TicketKey) == api::TicketKey::kOctets);
  std::vector<SharedTicketKey> out;
  for (const api::TicketKey& one : domain.keys) {
    Bytes octets = TRY(from_base64(one.key.reveal()));
    if (octets.size() == api::TicketKey::kOctets) {
      std::memcpy(&out.emplace_back().key, octets.data(), octets.size());
      out.back().age = one.age;
    }
    explicit_bzero(octets.data(), octets.size());
    if (octets.size() != api::TicketKey::kOctets) return fail(Code::bad_request, "a key of {} octets", octets.size());
  }
  return out;
}

}  // namespace

struct TicketKeySharing::Impl {
  Impl(TicketDomains& all, const Clock& time, AskTicketKeys asks, const SharingTimes& spans)
      : domains(all), clock(time), ask(std::move(asks)), times(spans) {}

  enum class Asked : std::uint8_t {
    nothing,     // there is no domain
    took,        // what came
    left_there,  // what came is of a generation that the feed has not said, or nobody wants it any more
  };
  struct Turn {
    Asked asked = Asked::nothing;
    milliseconds again{0};  // until the next question; of `nothing`: whenever something changes
  };

  // Until the authority has the key that follows the youngest one of some domain; `age` is that of the oldest of these.
  milliseconds until_next(Seconds age) const {
    const std::chrono::seconds left((TicketKeys::kPeriod - TicketKeys::kLead - age).count);
    return std::clamp<milliseconds>(left, times.least, times.longest) + part_of(times.spread);
  }

  Result<Turn> turn() {
    const api::TicketKeysRequest request = domains.request();
    if (request.domains.empty()) return Turn();
    const UnixSeconds asked = clock.now();
    const api::TicketKeysAnswer answer = TRY(ask(request));
    std::vector<std::vector<SharedTicketKey>> keys;
    Seconds age;
    for (const api::TicketDomain& domain : answer.domains) {
      keys.push_back(TRY(keys_of(domain)));
      const auto youngest = std::ranges::min_element(keys.back(), {}, &SharedTicketKey::age);
      if (youngest != keys.back().end()) age = std::max(age, youngest->age);
    }
    const std::lock_guard lock(mutex);
    if (!wanted || answer.generation != generation) return Turn{Asked::left_there, times.longest_retry};
    for (std::size_t i = 0; i < keys.size(); ++i) domains.take(answer.domains[i].name, keys[i], asked);
    return Turn{Asked::took, until_next(age)};
  }

  // With the mutex held, here and below. Said once when it breaks, and once when it works.
  void note(const Result<Turn>& outcome) {
    if (!outcome) {
      if (!problem) {
        log(LogLevel::warning,
            "no keys of session tickets come: sessions of other gateways are declined in time: " +
                outcome.error().text(),
            {{"code", std::string(name(outcome.error().code))}});
      }
      problem = outcome.error();
      said_well = false;
    } else if (outcome->asked == Asked::took) {
      if (!said_well) log(LogLevel::info, "the keys of session tickets are those of the authority's gateways");
      problem.reset();
      said_well = true;
    }
  }

  void run() {
    pthread_setname_np(pthread_self(), "ticket keys");
    milliseconds pause = times.first_retry;
    std::unique_lock lock(mutex);
    while (!stop) {
      if (!wanted || !generation || !due) {
        wake.wait(lock);
        continue;
      }
      if (*due > now()) {
        wake.wait_until(lock, *due);
        continue;
      }
      due.reset();
      lock.unlock();
      Result<Turn> outcome = Turn();
      const Status kept = unless_out_of_memory([&]() -> Status {
        outcome = turn();
        return {};
      });
      if (!kept) outcome = std::unexpected(kept.error());
      lock.lock();
      note(outcome);
      std::optional<milliseconds> again;
      if (!outcome) {
        again = pause + part_of(pause);
        pause = std::min(pause * 2, times.longest_retry);
      } else {
        pause = times.first_retry;
        if (outcome->asked != Asked::nothing) again = outcome->again;
      }
      if (again && !due) due = now() + *again;  // it is set where something has changed meanwhile
    }
  }

  void hurry() {
    due = Instant::min();
    wake.notify_all();
    if (thread.joinable()) return;
    try {
      thread = std::thread([this] { run(); });
    } catch (const std::system_error& failure) {
      log(LogLevel::error, Error{Code::system_error, fmt::format("no thread for ticket keys: {}", failure.what())});
    }
  }

  TicketDomains& domains;
  const Clock& clock;
  const AskTicketKeys ask;
  const SharingTimes times;
  mutable std::mutex mutex;  // guards all below; taken before that of the domains
  std::condition_variable wake;
  bool wanted = false;
  bool stop = false;
  bool said_well = false;
  std::optional<std::string> generation;  // that the feed said last
  std::optional<Instant> due;             // the next question; none: it runs, or something must change first
  std::optional<Error> problem;           // of the last question
  std::thread thread;
};

TicketKeySharing::TicketKeySharing(TicketDomains& domains, const Clock& clock, AskTicketKeys ask,
                                   const SharingTimes& times)
    : impl_(std::make_unique<Impl>(domains, clock, std::move(ask), times)) {}

TicketKeySharing::~TicketKeySharing() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void TicketKeySharing::domains_are(Wish wish) {
  const std::lock_guard lock(impl_->mutex);
  const bool wanted = wish == Wish::share && impl_->ask;
  if (impl_->wanted && !wanted) {
    impl_->domains.forget();
    impl_->problem.reset();
    impl_->said_well = false;
  }
  impl_->wanted = wanted;
  if (wanted) impl_->hurry();
}

void TicketKeySharing::generation_is(const std::string& generation) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->generation == generation) return;
  const bool first = !impl_->generation;  // until then all keys are our own
  impl_->generation = generation;
  if (!impl_->wanted) return;
  if (!first) impl_->domains.forget();
  impl_->hurry();
}

std::optional<std::string> TicketKeySharing::warning() const {
  const std::lock_guard lock(impl_->mutex);
  constexpr std::string_view kWords = "the keys of session tickets are not shared: ";
  if (impl_->problem) return std::string(kWords) + impl_->problem->text();
  if (!impl_->wanted || impl_->generation) return std::nullopt;
  return std::string(kWords) + "the authority has not said yet which ones count";
}

}  // namespace symbolon::gateway
