#include "net/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace symbolon::net {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

Resolver::Answer ask_system(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int problem = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (problem != 0) return fail(Code::name_not_found, "{}: {}", host, gai_strerror(problem));
  const std::unique_ptr<addrinfo, FreeAddresses> owned(list);
  std::vector<Address> out;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) out.emplace_back(one->ai_addr, one->ai_addrlen);
  if (out.empty()) return fail(Code::name_not_found, "{} has no address", host);
  return out;
}

// One who waits: lives in its coroutine, and is told on its executor.
struct Waiter {
  Executor executor;
  asio::steady_timer* timer;
  std::optional<Resolver::Answer> answer = {};
};

struct Name {
  std::string host;
  std::uint16_t port = 0;
  std::vector<std::weak_ptr<Waiter>> waiters = {};
  std::optional<Resolver::Answer> answer = {};  // none: it is being looked up, or waits for that
  Steady::time_point until = {};                // the answer holds
};

}  // namespace

// Shared with the threads: those that are still looking up when the resolver goes keep it.
struct Resolver::State : std::enable_shared_from_this<State> {
  State(LookUp how, const ResolverLimits& most) : look_up(std::move(how)), limits(most) {}

  // What is known, or nothing: then `waiter` will be told.
  std::optional<Answer> ask(std::string host, std::uint16_t port, const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex);
    const std::string key = fmt::format("{}:{}", host, port);
    auto found = names.find(key);
    const auto now = Steady::now();
    if (found != names.end() && found->second.answer && found->second.until > now) return found->second.answer;
    if (found == names.end() || found->second.answer) {
      std::erase_if(names, [&](const auto& one) { return one.second.answer && one.second.until <= now; });
      if (names.size() >= limits.names) return fail(Code::overloaded, "{} names are being resolved", names.size());
      if (!enough_threads()) return fail(Code::system_error, "{}: no thread can be made to resolve it", host);
      found = names.emplace(key, Name{std::move(host), port}).first;
      queue.push_back(key);
    }
    found->second.waiters.push_back(waiter);
    return std::nullopt;
  }

  void leave(const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex);
    for (auto& [key, name] : names) {
      std::erase_if(name.waiters, [&](const std::weak_ptr<Waiter>& one) { return one.lock() == waiter; });
    }
  }

  // With the mutex held, before something is queued: is there a thread that will take it?
  bool enough_threads() {
    if (threads >= limits.threads) return true;
    try {
      std::thread([self = shared_from_this()] { self->work(); }).detach();
      ++threads;
    } catch (const std::system_error&) {
      return threads > 0;
    }
    return true;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (!queue.empty()) {
      const std::string key = std::move(queue.front());
      queue.pop_front();
      const auto found = names.find(key);
      if (found->second.waiters.empty()) {
        names.erase(found);  // everybody went
        continue;
      }
      const std::string host = found->second.host;
      const std::uint16_t port = found->second.port;
      lock.unlock();
      Answer answer = look_up(host, port);
      lock.lock();
      settle(names.at(key), std::move(answer));
    }
    --threads;
  }

  // With the mutex held, so that whoever leaves meanwhile is told before it is gone, or not at all.
  void settle(Name& name, Answer answer) const {
    for (const std::weak_ptr<Waiter>& one : name.waiters) {
      const auto waiter = one.lock();
      if (!waiter) continue;
      auto tell = [one, answer] {
        const auto told = one.lock();
        if (!told) return;
        told->answer = answer;
        told->timer->cancel();
      };
      asio::post(waiter->executor, std::move(tell));
    }
    name.waiters.clear();
    name.until = Steady::now() + (answer ? limits.kept : limits.failure_kept);
    name.answer = std::move(answer);
  }

  const LookUp look_up;
  const ResolverLimits limits;
  std::mutex mutex;                   // guards what follows
  std::map<std::string, Name> names;  // by host:port
  std::deque<std::string> queue;      // their keys; each is in `names`, without an answer
  std::size_t threads = 0;
};

Resolver::Resolver(LookUp look_up, const ResolverLimits& limits)
    : state_(std::make_shared<State>(std::move(look_up), limits)) {}

Resolver::~Resolver() = default;

Task<Resolver::Answer> Resolver::resolve(std::string host, std::uint16_t port, asio::steady_timer& timer,
                                         Deadline deadline) {
  // Taken back at the end, also when the coroutine is thrown away with its io_context.
  struct Registration {
    std::shared_ptr<State> state;
    std::shared_ptr<Waiter> waiter;
    ~Registration() { state->leave(waiter); }
  };
  const Registration here{state_, std::make_shared<Waiter>(Waiter{timer.get_executor(), &timer})};
  timer.expires_at(deadline);
  auto known = state_->ask(host, port, here.waiter);
  if (known) co_return *std::move(known);
  boost::system::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  std::optional<Answer> told = std::move(here.waiter->answer);
  if (told) co_return *std::move(told);
  if (cancelled) co_return fail(Code::cancelled, "{}: it was given up", host);
  co_return fail(Code::connection_timeout, "{}: the name was not resolved in time", host);
}

const std::shared_ptr<Resolver>& Resolver::of_system() {
  static const auto system = std::make_shared<Resolver>(ask_system);
  return system;
}

}  // namespace symbolon::net
