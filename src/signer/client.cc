#include "signer/client.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <unordered_map>

#include "base/errno_text.h"

namespace symbolon::signer {
namespace {

using Instant = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

using Name = std::variant<IntentName, CrlName, OcspName, revocation::HeadKind>;

// Of one thread, which waits until all that it asked for is answered.
struct Caller {
  std::condition_variable answered = {};
  std::size_t open = 0;
};
// What it asked for: it lives on the stack of that thread.
struct Waiting {
  Caller& caller;
  Name what;
  Instant sent_at;
  milliseconds repeat;
  std::optional<Result<Bytes>> answer = {};

  void settle(Result<Bytes> with) {
    answer = std::move(with);
    if (--caller.open == 0) caller.answered.notify_one();
  }
};

// One more request in a packet of its kind; into a Hello goes any. False: another kind is in there, or enough of it.
template <typename Requests, typename OneName>
bool add_to(Message& packet, std::size_t most, std::uint64_t number, const OneName& name) {
  if (std::holds_alternative<Hello>(packet)) packet = Requests();
  auto* const requests = std::get_if<Requests>(&packet);
  if (requests == nullptr || requests->entries.size() >= most) return false;
  requests->entries.push_back({number, name});
  return true;
}
bool add(Message& packet, std::uint64_t number, const IntentName& name) {
  return add_to<SignRequests>(packet, kMostInPacket, number, name);
}
// It takes the signer long: it goes alone.
bool add(Message& packet, std::uint64_t number, const CrlName& name) {
  return add_to<CrlRequests>(packet, 1, number, name);
}
bool add(Message& packet, std::uint64_t number, const OcspName& name) {
  return add_to<OcspRequests>(packet, kMostInPacket, number, name);
}
bool add(Message& packet, std::uint64_t number, revocation::HeadKind kind) {
  return add_to<HeadRequests>(packet, kMostInPacket, number, kind);
}

std::unexpected<Error> unreachable(std::string_view why) { return fail(Code::signer_unreachable, "{}", why); }

Result<Keys> ask_for_keys(int fd, milliseconds deadline) {
  const Bytes hello = encode(Hello{});
  if (::send(fd, hello.data(), hello.size(), MSG_NOSIGNAL) < 0) return unreachable(errno_text(errno));
  const Instant end = std::chrono::steady_clock::now() + deadline;
  Bytes packet(kLargestPacket);
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return unreachable("it did not say in time which keys it has");
    const ssize_t size = ::recv(fd, packet.data(), packet.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return unreachable("it ended before it said which keys it has");
    Message message = TRY(decode({packet.data(), static_cast<std::size_t>(size)}));
    // Answers to a process before us may still lie there.
    if (auto* const keys = std::get_if<Keys>(&message)) return std::move(*keys);
  }
}

}  // namespace

struct Client::Impl {
  Impl(int descriptor, ClientLimits chosen, Keys offered) : fd(descriptor), limits(chosen), keys(std::move(offered)) {
    // Answers to a process before us must not meet our numbers.
    std::random_device random;
    next = (static_cast<std::uint64_t>(random()) << 32U) | random();
    ENSURE(over >= 0);
    reader = std::thread([this] { read(); });
  }
  // Without shutdown(): the supervisor keeps this end for the next process.
  ~Impl() {
    ::eventfd_write(over, 1);
    reader.join();
    ::close(over);
    ::close(fd);
  }

  std::vector<Result<Bytes>> sign_all(std::vector<Name> what, milliseconds answer, milliseconds repeat);
  Result<Bytes> sign(Name what, milliseconds answer, milliseconds repeat) {
    std::vector<Name> one;
    one.push_back(std::move(what));
    return std::move(sign_all(std::move(one), answer, repeat).front());
  }
  Status has_room(std::size_t more, std::size_t more_ocsp) const;
  Status await_key(std::int64_t issuer);
  Status refresh_keys();
  Status ask_until(std::unique_lock<std::mutex>& lock, const std::function<bool()>& satisfied);
  std::optional<Bytes> next_packet();
  void send_unsent(std::unique_lock<std::mutex>& lock);
  void read();
  void take(Answers answers);
  void repeat_old();
  void fail_all(std::string_view why);

  const int fd;
  const int over = ::eventfd(0, EFD_CLOEXEC);  // readable: the reader is to end
  const ClientLimits limits;
  std::mutex mutex;  // guards all below
  Keys keys;
  std::uint64_t keys_answers = 0;  // how often they came since
  std::condition_variable keys_came;
  std::unordered_map<std::uint64_t, Waiting*> waiting;
  std::size_t waiting_for_ocsp = 0;  // of them
  std::deque<std::uint64_t> unsent;
  std::uint64_t next = 0;
  bool sending = false;  // a thread is sending what is unsent, also that of others
  bool broken = false;
  std::thread reader;
};

Status Client::Impl::has_room(std::size_t more, std::size_t more_ocsp) const {
  if (broken) return unreachable("the way to it is broken");
  if (waiting.size() + more > limits.waiting) {
    return fail(Code::overloaded, "{} signatures are waited for", waiting.size());
  }
  if (waiting_for_ocsp + more_ocsp > limits.ocsp_waiting) {
    return fail(Code::overloaded, "{} signatures of OCSP responses are waited for", waiting_for_ocsp);
  }
  return {};
}

std::vector<Result<Bytes>> Client::Impl::sign_all(std::vector<Name> what, milliseconds answer, milliseconds repeat) {
  const Instant begin = std::chrono::steady_clock::now();
  const std::size_t count = what.size();
  const auto is_ocsp = [](const Name& name) { return std::holds_alternative<OcspName>(name); };
  const auto ocsp = static_cast<std::size_t>(std::ranges::count_if(what, is_ocsp));
  Caller caller{.open = count};
  std::vector<Waiting> calls;
  calls.reserve(count);  // they stay where they are
  for (Name& one : what) {
    calls.push_back({.caller = caller, .what = std::move(one), .sent_at = begin, .repeat = repeat});
  }
  std::unique_lock lock(mutex);
  if (const auto room = has_room(count, ocsp); !room) {
    return std::vector<Result<Bytes>>(count, std::unexpected(room.error()));
  }
  const std::uint64_t first = next;
  for (Waiting& call : calls) {
    waiting.emplace(next, &call);
    unsent.push_back(next++);
  }
  waiting_for_ocsp += ocsp;
  if (!sending) send_unsent(lock);
  caller.answered.wait_until(lock, begin + answer, [&] { return caller.open == 0; });
  waiting_for_ocsp -= ocsp;
  std::vector<Result<Bytes>> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    waiting.erase(first + i);
    if (auto& answered = calls[i].answer) {
      out.push_back(*std::move(answered));
    } else {
      out.push_back(unreachable(fmt::format("no signature within {} ms", answer.count())));
    }
  }
  return out;
}

Status Client::Impl::await_key(std::int64_t issuer) {
  std::unique_lock lock(mutex);
  return ask_until(lock, [this, issuer] {
    return std::ranges::find(keys.entries, issuer, &OfferedKey::issuer) != keys.entries.end();
  });
}

// Packets come in order: what comes after an answer of the signer that is there now is of none before it.
Status Client::Impl::refresh_keys() {
  std::unique_lock lock(mutex);
  return ask_until(lock, [this, before = keys_answers] { return keys_answers != before; });
}

Status Client::Impl::ask_until(std::unique_lock<std::mutex>& lock, const std::function<bool()>& satisfied) {
  const Instant end = std::chrono::steady_clock::now() + limits.hello;
  const Bytes hello = encode(Hello{});
  while (!satisfied()) {
    if (broken) return unreachable("the way to it is broken");
    if (std::chrono::steady_clock::now() >= end) return unreachable("it does not offer the new key");
    // A full buffer means a signer that is not there yet: it is asked again.
    static_cast<void>(::send(fd, hello.data(), hello.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    keys_came.wait_for(lock, limits.look);
  }
  return {};
}

// Of one kind. None: nobody waits for what is unsent.
std::optional<Bytes> Client::Impl::next_packet() {
  Message packet = Hello{};
  while (!unsent.empty()) {
    const auto call = waiting.find(unsent.front());
    if (call != waiting.end()) {
      const auto add_name = [&](const auto& name) { return add(packet, call->first, name); };
      if (!std::visit(add_name, call->second->what)) break;
      call->second->sent_at = std::chrono::steady_clock::now();
    }
    unsent.pop_front();
  }
  if (std::holds_alternative<Hello>(packet)) return std::nullopt;
  return encode(packet);
}

// Whoever finds nobody sending sends for all, a packet after the other, until nothing is left.
void Client::Impl::send_unsent(std::unique_lock<std::mutex>& lock) {
  sending = true;
  while (!unsent.empty()) {
    const auto packet = next_packet();
    if (!packet) break;
    lock.unlock();
    // A full buffer means a signer that is gone or behind: what is not taken is sent again later.
    const ssize_t sent = ::send(fd, packet->data(), packet->size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    const int problem = errno;
    lock.lock();
    if (sent < 0 && problem != EAGAIN && problem != EWOULDBLOCK) fail_all(errno_text(problem));
  }
  sending = false;
}

void Client::Impl::read() {
  Bytes packet(kLargestPacket);
  Instant looked = std::chrono::steady_clock::now();
  while (true) {
    pollfd wait[] = {{.fd = fd, .events = POLLIN, .revents = 0}, {.fd = over, .events = POLLIN, .revents = 0}};
    const int ready = ::poll(wait, 2, static_cast<int>(limits.repeat.count()));
    if (ready < 0 && errno != EINTR) break;
    if (ready > 0 && wait[1].revents != 0) break;
    if (const Instant now = std::chrono::steady_clock::now(); now - looked >= limits.repeat) {
      looked = now;
      repeat_old();
    }
    if (ready <= 0) continue;
    const ssize_t size = ::recv(fd, packet.data(), packet.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    auto message = decode({packet.data(), static_cast<std::size_t>(size)});
    if (!message) continue;  // who asked gives up in time
    if (auto* const answers = std::get_if<Answers>(&*message)) take(std::move(*answers));
    if (auto* const offered = std::get_if<Keys>(&*message)) {
      const std::lock_guard lock(mutex);
      keys = std::move(*offered);
      ++keys_answers;
      keys_came.notify_all();
    }
  }
  const std::lock_guard lock(mutex);
  fail_all("it ended");
  keys_came.notify_all();
}

void Client::Impl::take(Answers answers) {
  const std::lock_guard lock(mutex);
  for (Answer& answer : answers.entries) {
    const auto call = waiting.find(answer.number);
    if (call == waiting.end() || call->second->answer) continue;
    call->second->settle(std::move(answer.signature));
  }
}

void Client::Impl::repeat_old() {
  std::unique_lock lock(mutex);
  const Instant now = std::chrono::steady_clock::now();
  for (const auto& [number, call] : waiting) {
    if (!call->answer && now - call->sent_at >= call->repeat) unsent.push_back(number);
  }
  if (!sending) send_unsent(lock);
}

void Client::Impl::fail_all(std::string_view why) {
  broken = true;
  unsent.clear();
  for (const auto& [number, call] : waiting) {
    if (!call->answer) call->settle(unreachable(why));
  }
}

Result<std::shared_ptr<Client>> Client::open(int descriptor, ClientLimits limits) {
  auto keys = ask_for_keys(descriptor, limits.hello);
  if (!keys) {
    ::close(descriptor);
    return std::unexpected(keys.error());
  }
  return std::shared_ptr<Client>(new Client(std::make_unique<Impl>(descriptor, limits, std::move(*keys))));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

std::vector<OfferedKey> Client::keys() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->keys.entries;
}
Bytes Client::head_key() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->keys.heads;
}
Status Client::await_key(std::int64_t issuer) { return impl_->await_key(issuer); }
Status Client::refresh_keys() { return impl_->refresh_keys(); }
Result<Bytes> Client::sign(const IntentName& intent) {
  return impl_->sign(intent, impl_->limits.answer, impl_->limits.repeat);
}
Result<Bytes> Client::sign_crl(const CrlName& crl) {
  return impl_->sign(crl, impl_->limits.crl_answer, impl_->limits.crl_repeat);
}
std::vector<Result<SignedOcsp>> Client::sign_ocsp(const std::vector<OcspName>& responses) {
  std::vector<Name> names;
  names.reserve(responses.size());
  for (const OcspName& response : responses) {
    ENSURE(fits(response));
    names.emplace_back(response);
  }
  std::vector<Result<SignedOcsp>> out;
  out.reserve(names.size());
  for (const auto& octets : impl_->sign_all(std::move(names), impl_->limits.answer, impl_->limits.repeat)) {
    out.push_back(octets ? decode_ocsp(*octets) : std::unexpected(octets.error()));
  }
  return out;
}
Result<SignedOcsp> Client::sign_ocsp(const OcspName& response) {
  return std::move(sign_ocsp(std::vector{response}).front());
}

Result<revocation::SignedHead> Client::sign_head(revocation::HeadKind kind) {
  const Bytes octets = TRY(impl_->sign(kind, impl_->limits.answer, impl_->limits.repeat));
  return decode_head(kind, octets);
}

}  // namespace symbolon::signer
