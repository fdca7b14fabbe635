#include "gateway/staple_keeper.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/out_of_memory.h"
#include "gateway/staple_fetch.h"
#include "x509/must_staple.h"

namespace symbolon::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// The span less a share of up to a tenth, so that what began together does not go on together.
template <typename Number>
Number spread(Number span) {
  return span - span * crypto::random_bytes(1).front() / 2560;
}

// All wishes of one leaf.
struct Wanted {
  const StapleWish* wish = nullptr;  // one of them
  std::optional<x509::Certificate> issuer;
  std::vector<std::string> routes;
};

// What the log was told last about a certificate.
enum class Told : std::uint8_t { nothing, stapled, not_renewed, missing };

// One certificate that is kept.
struct Subject {
  Subject(asio::io_context& context, const StapleWish& wish, std::optional<x509::Certificate> by)
      : leaf(wish.credential->leaf()), slot(wish.slot), issuer(std::move(by)), timer(context) {}
  const x509::Certificate leaf;
  const std::shared_ptr<tls::StapleSlot> slot;
  const std::optional<x509::Certificate> issuer;  // none: nobody can be asked
  std::atomic<bool> dropped{false};
  std::atomic<bool> is_asked_about{false};  // false: not yet, or the asking came to an end that is none
  // Guarded by the keeper's mutex:
  std::vector<std::string> routes;
  std::optional<Error> problem;  // of the last attempt
  Told told = Told::nothing;
  // Of the thread:
  asio::steady_timer timer;
  std::optional<UnixSeconds> renew_at;  // none: the last attempt failed
  UnixSeconds newest;                   // thisUpdate, of all answers that were judged
};

std::map<x509::Fingerprint, Wanted> wanted_by(const std::vector<StapleWish>& wishes) {
  std::map<x509::Fingerprint, Wanted> out;
  for (const StapleWish& wish : wishes) {
    Wanted& one = out[wish.credential->leaf().fingerprint()];
    if (one.wish == nullptr) one.wish = &wish;
    one.routes.push_back(wish.route);
    if (one.issuer) continue;
    one.issuer = issuer_of(*wish.credential,
                           wish.trust ? std::span(wish.trust->anchors()) : std::span<const x509::Certificate>());
  }
  return out;
}

// "without one": what it means for this certificate.
std::string words_without(const Subject& subject) {
  return fmt::format("presents its certificate without a staple{}: {}",
                     x509::must_be_stapled(subject.leaf) ? ", although it is to be refused so (RFC 7633)" : "",
                     subject.problem->words);
}

}  // namespace

struct StapleKeeper::Impl {
  Impl(const Clock& time, const StapleTimes& spans) : clock(time), times(spans) {}

  const Clock& clock;
  const StapleTimes times;
  asio::io_context context{1};  // goes after `subjects`, whose timers are of it
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  mutable std::mutex mutex;  // guards `subjects` and what they say
  std::map<x509::Fingerprint, std::shared_ptr<Subject>> subjects;
  std::thread thread;

  void replace(const std::vector<StapleWish>& wishes);
  std::shared_ptr<Subject> make(const Wanted& wanted);
  void begin(const std::shared_ptr<Subject>& subject);
  void drop(const std::shared_ptr<Subject>& subject);
  void start();
  void run();
  net::Task<void> keep_fresh(std::shared_ptr<Subject> subject);
  net::Task<void> ask(std::shared_ptr<Subject> subject);
  std::optional<milliseconds> until_renewal(const Subject& subject) const;
  void succeeded(Subject& subject, std::shared_ptr<const tls::Staple> staple);
  void failed(Subject& subject, Error error);
};

StapleKeeper::StapleKeeper(const Clock& clock, const StapleTimes& times)
    : impl_(std::make_unique<Impl>(clock, times)) {}

StapleKeeper::~StapleKeeper() {
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

std::shared_ptr<tls::StapleSlot> StapleKeeper::slot_of(const x509::Certificate& leaf) const {
  const std::scoped_lock lock(impl_->mutex);
  const auto found = impl_->subjects.find(leaf.fingerprint());
  return found != impl_->subjects.end() ? found->second->slot : nullptr;
}

void StapleKeeper::keep(const std::vector<StapleWish>& wishes) {
  const std::scoped_lock lock(impl_->mutex);
  try {
    impl_->replace(wishes);
    if (!impl_->subjects.empty()) impl_->start();
  } catch (const std::bad_alloc&) {
    say_memory_is_used_up();
  }
}

std::vector<std::string> StapleKeeper::warnings() const {
  std::vector<std::string> out;
  const UnixSeconds now = impl_->clock.now();
  const std::scoped_lock lock(impl_->mutex);
  for (const auto& [fingerprint, subject] : impl_->subjects) {
    if (!subject->problem) continue;
    std::string words;
    if (const auto staple = subject->slot->current()) {
      const Seconds left = staple->next_update - now;
      if (left * 4 >= staple->next_update - staple->this_update) continue;
      words = fmt::format("has a staple that ends in {} and cannot be renewed: {}", to_words(left),
                          subject->problem->words);
    } else {
      words = words_without(*subject);
    }
    for (const std::string& route : subject->routes) out.push_back(fmt::format("route '{}' {}", route, words));
  }
  return out;
}

// With the mutex held. Everything is made aside before anything is changed.
void StapleKeeper::Impl::replace(const std::vector<StapleWish>& wishes) {
  auto wanted = wanted_by(wishes);
  std::map<x509::Fingerprint, std::shared_ptr<Subject>> next;
  for (const auto& [fingerprint, one] : wanted) {
    const auto known = subjects.find(fingerprint);
    const bool goes_on = known != subjects.end() && known->second->issuer == one.issuer;
    next.emplace(fingerprint, goes_on ? known->second : make(one));
  }
  subjects.swap(next);
  for (const auto& [fingerprint, subject] : subjects) subject->routes.swap(wanted.find(fingerprint)->second.routes);
  for (const auto& [fingerprint, subject] : next) {
    const auto kept = subjects.find(fingerprint);
    if (kept == subjects.end() || kept->second != subject) drop(subject);
  }
  for (const auto& [fingerprint, subject] : subjects) {
    if (subject->issuer && !subject->is_asked_about) begin(subject);
  }
}

// With the mutex held.
std::shared_ptr<Subject> StapleKeeper::Impl::make(const Wanted& wanted) {
  auto subject = std::make_shared<Subject>(context, *wanted.wish, wanted.issuer);
  if (subject->issuer) return subject;
  subject->problem = Error{Code::staple_missing,
                           "the certificate of its issuer is not at hand; put it behind the certificate in its file"};
  log(LogLevel::warning,
      Error{Code::staple_missing, fmt::format("{}: {}", subject->leaf.text(), subject->problem->words)});
  return subject;
}

// With the mutex held. What fails here, or ends by a fault, the next keep() begins anew.
void StapleKeeper::Impl::begin(const std::shared_ptr<Subject>& subject) {
  auto kept = keep_fresh(subject);
  subject->is_asked_about = true;
  const auto ended = [subject](const std::exception_ptr& fault) {
    subject->is_asked_about = false;
    if (fault) say_memory_is_used_up();
  };
  try {
    asio::co_spawn(context, std::move(kept), ended);
  } catch (...) {
    subject->is_asked_about = false;
    throw;
  }
}

// Where it cannot be told, it sees it when its timer ends.
void StapleKeeper::Impl::drop(const std::shared_ptr<Subject>& subject) {
  subject->dropped = true;
  try {
    asio::post(context, [subject] { subject->timer.cancel(); });
  } catch (const std::bad_alloc&) {
    say_memory_is_used_up();
  }
}

// With the mutex held. Where no thread can be made, staples wait for the next change.
void StapleKeeper::Impl::start() {
  if (thread.joinable()) return;
  try {
    thread = std::thread([this] { run(); });
  } catch (const std::system_error& failure) {
    log(LogLevel::error, Error{Code::system_error, fmt::format("no thread for staples: {}", failure.what())});
  }
}

void StapleKeeper::Impl::run() {
  pthread_setname_np(pthread_self(), "staples");
  while (!context.stopped()) {
    try {
      context.run();
    } catch (const std::bad_alloc&) {
      say_memory_is_used_up();
    }
  }
}

net::Task<void> StapleKeeper::Impl::keep_fresh(std::shared_ptr<Subject> subject) {
  constexpr milliseconds kWithoutMemory{100};
  milliseconds retry = times.first_retry;
  while (!subject->dropped) {
    bool out_of_memory = false;
    try {
      auto wait = until_renewal(*subject);
      if (!wait) {
        subject->renew_at.reset();
        co_await ask(subject);
        if (subject->dropped) co_return;
        wait = until_renewal(*subject);
        if (subject->renew_at) {
          retry = times.first_retry;
        } else {
          wait = spread(retry);
          retry = std::min(retry * 2, times.longest_retry);
        }
      }
      boost::system::error_code cancelled;
      subject->timer.expires_after(wait.value_or(milliseconds(0)));
      if (!subject->dropped) co_await subject->timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
    if (!out_of_memory) continue;
    say_memory_is_used_up();
    std::this_thread::sleep_for(kWithoutMemory);  // a timer would need some, too
  }
}

// For how long to wait before the clock is looked at again; none: it is due.
std::optional<milliseconds> StapleKeeper::Impl::until_renewal(const Subject& subject) const {
  const UnixSeconds now = clock.now();
  if (!subject.renew_at || now >= *subject.renew_at) return std::nullopt;
  const std::chrono::seconds left((*subject.renew_at - now).count);
  return std::min<milliseconds>(times.look, left);
}

net::Task<void> StapleKeeper::Impl::ask(std::shared_ptr<Subject> subject) {
  revocation::OcspSubject about{.certificate = subject->leaf, .issuer = *subject->issuer};
  auto answer = co_await fetch_staple(std::move(about), clock, subject->newest, net::in(times.answer));
  if (subject->dropped) co_return;
  if (!answer) {
    failed(*subject, std::move(answer).error());
    co_return;
  }
  subject->newest = answer->this_update;
  if (answer->staple) {
    succeeded(*subject, std::move(answer->staple));
  } else {
    subject->slot->put(nullptr);
    failed(*subject, Error{Code::staple_missing, std::move(answer->why)});
  }
}

void StapleKeeper::Impl::succeeded(Subject& subject, std::shared_ptr<const tls::Staple> staple) {
  const UnixSeconds now = clock.now();
  const Seconds half{(staple->next_update - now).count / 2};
  const Seconds longest{times.longest_renewal.count()};
  const Seconds least{std::chrono::ceil<std::chrono::seconds>(times.first_retry).count()};
  subject.renew_at = now + std::max(least, Seconds{spread(std::min(half, longest).count)});
  const std::scoped_lock lock(mutex);
  if (subject.told != Told::stapled) {
    log(LogLevel::info, "staple fetched",
        {{"certificate", subject.leaf.text()}, {"next_update", to_rfc3339(staple->next_update)}});
  }
  subject.told = Told::stapled;
  subject.problem.reset();
  subject.slot->put(std::move(staple));
}

void StapleKeeper::Impl::failed(Subject& subject, Error error) {
  const std::scoped_lock lock(mutex);
  const auto staple = subject.slot->current();
  const Told now = staple ? Told::not_renewed : Told::missing;
  // Once for each problem: a responder that stays away is no news every five minutes.
  if (subject.told != now || !subject.problem || subject.problem->code != error.code) {
    const std::string name = subject.leaf.text();
    log(LogLevel::warning,
        staple ? Error{error.code, fmt::format("the staple of {} was not renewed, and goes on until {}: {}", name,
                                               to_rfc3339(staple->next_update), error.words)}
               : Error{Code::staple_missing, fmt::format("{}: {}", name, error.words)});
  }
  subject.told = now;
  subject.problem = std::move(error);
}

}  // namespace symbolon::gateway
