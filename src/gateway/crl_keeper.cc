#include "gateway/crl_keeper.h"

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
#include <set>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "gateway/crl_fetch.h"
#include "gateway/crl_source.h"
#include "gateway/crl_store.h"
#include "gateway/out_of_memory.h"

namespace symbolon::gateway {
namespace {

constexpr std::chrono::milliseconds kMemoryPause{100};
constexpr std::size_t kMostListsOfUrl = 16;  // each of an issuer is looked into in each handshake

namespace asio = boost::asio;
using std::chrono::milliseconds;

// The span less a share of up to a tenth, so that what began together does not go on together.
milliseconds spread(milliseconds span) { return span - span * crypto::random_bytes(1).front() / 2560; }

// One entry that is kept, with what its coroutine needs.
struct Kept {
  Kept(asio::io_context& context, CrlSourceState first) : state(std::move(first)), timer(context) {}
  CrlSourceState state;  // guarded by the keeper's mutex
  std::atomic<bool> dropped{false};
  std::atomic<bool> hurry{false};
  // Of the thread:
  asio::steady_timer timer;
  CrlValidators validators;
  std::optional<UnixSeconds> due;  // none: the last attempt brought nothing that lasts
  bool enforced = true;            // what came last; else the same octets are taken again
};

}  // namespace

struct CrlKeeper::Next {
  struct Entry {
    CrlSourceState state;
    std::shared_ptr<Kept> before;  // with the same place; null: there was none
    bool goes_on = false;          // `before` is it
  };
  std::vector<Entry> entries;
};

struct CrlKeeper::Impl {
  explicit Impl(Parts given) : parts(std::move(given)), store(parts.folder), watching(context) {}

  const Parts parts;
  const CrlStore store;
  const std::shared_ptr<revocation::CrlSource> source = std::make_shared<revocation::CrlSource>();
  asio::io_context context{1};  // goes after `kept`, whose timers are of it
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer watching;
  mutable std::mutex mutex;  // guards `kept` and its states
  std::vector<std::shared_ptr<Kept>> kept;
  std::thread thread;

  UnixSeconds now() const { return parts.clock->now(); }
  std::shared_ptr<Kept> kept_from(const std::string& from) const;
  Result<Next::Entry> read(const CrlConfig& crl, const std::vector<x509::Certificate>& anchors);
  Status read_into(Next::Entry& entry);
  void look_into_store(CrlSourceState& state) const;
  void spawn(net::Task<void> task);
  void start();
  void run();
  void judge_by_what_is_kept();
  net::Task<void> watch();
  net::Task<void> keep_fresh(std::shared_ptr<Kept> one);
  net::Task<void> wait(Kept& one, milliseconds span) const;
  net::Task<void> wait_until_due(Kept& one) const;
  net::Task<void> ask(std::shared_ptr<Kept> one);
  Status take(Kept& one, const std::string& body);
  std::optional<UnixSeconds> next_look(const Kept& one, UnixSeconds at) const;
  void failed(Kept& one, Error error);
};

CrlKeeper::CrlKeeper(Parts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {
  ENSURE(impl_->parts.clock != nullptr);
}

CrlKeeper::~CrlKeeper() {
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

std::shared_ptr<const x509::RevocationChecker> CrlKeeper::checker() const { return impl_->source; }

Result<std::shared_ptr<CrlKeeper::Next>> CrlKeeper::read(const std::vector<CrlConfig>& configured,
                                                         const std::vector<x509::Certificate>& anchors) {
  auto next = std::make_shared<Next>();
  for (const CrlConfig& crl : configured) {
    auto entry = impl_->read(crl, anchors);
    if (!entry) return std::unexpected(at_crl(std::move(entry).error(), crl));
    next->entries.push_back(std::move(*entry));
  }
  return next;
}

std::shared_ptr<Kept> CrlKeeper::Impl::kept_from(const std::string& from) const {
  const std::scoped_lock lock(mutex);
  const auto found = std::ranges::find(kept, from, [](const auto& one) { return one->state.config.text(); });
  return found != kept.end() ? *found : nullptr;
}

Result<CrlKeeper::Next::Entry> CrlKeeper::Impl::read(const CrlConfig& crl,
                                                     const std::vector<x509::Certificate>& anchors) {
  Next::Entry out;
  out.state.config = crl;
  out.state.issuers = crl.issuers ? TRY(read_crl_issuers(*crl.issuers)) : anchors;
  out.before = kept_from(crl.text());
  if (crl.file() != nullptr) {
    const Status read = read_into(out);
    if (!read && out.before) {
      const std::scoped_lock lock(mutex);
      ++out.before->state.failures;
    }
    TRY(Status(read));
  } else if (out.before) {
    out.goes_on = out.before->state.issuers == out.state.issuers;
  } else {
    look_into_store(out.state);
  }
  return out;
}

// States of files change in keep() alone, which does not run beside this.
Status CrlKeeper::Impl::read_into(Next::Entry& entry) {
  const std::string content = TRY(read_file(*entry.state.config.file()));
  entry.state.digest = crypto::sha256(as_bytes(content));
  if (entry.before && entry.before->state.digest == entry.state.digest &&
      entry.before->state.issuers == entry.state.issuers) {
    entry.state.lists = entry.before->state.lists;
    return {};
  }
  entry.state.lists = TRY(read_crl_lists(content, entry.state.issuers, now()));
  return entry.before ? entry.before->state.check_next(entry.state.lists) : Status();
}

// What cannot be used is as good as nothing: the server is asked at once.
void CrlKeeper::Impl::look_into_store(CrlSourceState& state) const {
  const auto refuse = [&](Error error) { log(LogLevel::warning, at_crl(std::move(error), state.config)); };
  auto content = store.read(state.config.text());
  if (!content) return refuse(std::move(content).error());
  if (!*content) return;
  auto lists = read_crl_lists(**content, state.issuers, now());
  if (!lists) return refuse(std::move(lists).error());
  state.digest = crypto::sha256(as_bytes(**content));
  state.lists = std::move(*lists);
}

void CrlKeeper::keep(std::shared_ptr<Next> next) {
  std::vector<std::shared_ptr<Kept>> fresh;
  std::set<std::string> urls;
  {
    const std::scoped_lock lock(impl_->mutex);
    auto before = std::exchange(impl_->kept, {});
    for (Next::Entry& entry : next->entries) {
      if (entry.state.config.url() != nullptr) urls.insert(entry.state.config.text());
      if (entry.goes_on) {
        entry.before->state.config = entry.state.config;
        std::erase(before, entry.before);
        impl_->kept.push_back(entry.before);
        continue;
      }
      if (entry.before) entry.state.follow(entry.before->state);
      impl_->kept.push_back(std::make_shared<Kept>(impl_->context, std::move(entry.state)));
      if (impl_->kept.back()->state.config.url() != nullptr) fresh.push_back(impl_->kept.back());
    }
    for (const auto& one : before) one->dropped = true;
    before.insert(before.end(), impl_->kept.begin(), impl_->kept.end());
    for (const auto& one : before) {  // those that go end, those that stay ask at once
      one->hurry = true;
      asio::post(impl_->context, [one] { one->timer.cancel(); });
    }
    impl_->judge_by_what_is_kept();
  }
  for (const auto& one : fresh) impl_->spawn(impl_->keep_fresh(one));
  impl_->store.keep_only(urls);
  if (!next->entries.empty()) impl_->start();
}

// With the mutex held.
void CrlKeeper::Impl::judge_by_what_is_kept() {
  revocation::CrlSet::Contents contents;
  for (const auto& one : kept) one->state.add_to(contents);
  source->swap(std::make_shared<const revocation::CrlSet>(std::move(contents)));
}

std::vector<std::string> CrlKeeper::warnings() const {
  std::vector<std::string> out;
  const UnixSeconds now = impl_->now();
  const std::scoped_lock lock(impl_->mutex);
  for (const auto& one : impl_->kept) {
    for (const Error& error : one->state.troubles(now)) out.push_back(error.words);
  }
  return out;
}

CrlFacts CrlKeeper::facts() const {
  CrlFacts out;
  std::map<std::pair<std::string, std::string>, CrlFacts::List> lists;
  const std::scoped_lock lock(impl_->mutex);
  for (const auto& one : impl_->kept) {
    const std::string from = one->state.config.text();
    out.sources.push_back({from, one->state.failures});
    for (const auto& crl : one->state.lists) {
      const std::string issuer = crl->issuer.subject().text();
      auto& list = lists.try_emplace({issuer, from}, CrlFacts::List{issuer, from, crl->next_update, 0}).first->second;
      list.next_update = std::min(list.next_update, crl->next_update);
      list.entries += crl->entries.size();
    }
  }
  for (auto& [key, list] : lists) out.lists.push_back(std::move(list));
  return out;
}

void CrlKeeper::Impl::spawn(net::Task<void> task) {
  asio::co_spawn(context, std::move(task), [](const std::exception_ptr& fault) {
    if (fault) say_memory_is_used_up();
  });
}

// Where no thread can be made, what is here goes on until it is too old.
void CrlKeeper::Impl::start() {
  if (thread.joinable()) return;
  try {
    thread = std::thread([this] { run(); });
  } catch (const std::system_error& failure) {
    return log(LogLevel::error, Error{Code::system_error, fmt::format("no thread for CRLs: {}", failure.what())});
  }
  spawn(watch());
}

void CrlKeeper::Impl::run() {
  pthread_setname_np(pthread_self(), "crls");
  while (!context.stopped()) {
    try {
      context.run();
    } catch (const std::bad_alloc&) {
      say_memory_is_used_up();
    }
  }
}

// Says once what is about to end, and what has ended.
net::Task<void> CrlKeeper::Impl::watch() {
  while (true) {
    {
      const std::scoped_lock lock(mutex);
      for (const auto& one : kept) {
        for (const Error& error : one->state.news(now())) log(LogLevel::warning, error);
      }
    }
    boost::system::error_code cancelled;
    watching.expires_after(parts.times.look);
    co_await watching.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

net::Task<void> CrlKeeper::Impl::keep_fresh(std::shared_ptr<Kept> one) {
  milliseconds retry = parts.times.first_retry;
  while (!one->dropped) {
    one->hurry = false;
    one->due.reset();
    try {
      co_await ask(one);
      if (one->due) {
        retry = parts.times.first_retry;
        co_await wait_until_due(*one);
      } else {
        co_await wait(*one, spread(retry));
        retry = std::min(retry * 2, parts.times.longest_retry);
      }
      continue;
    } catch (const std::bad_alloc&) {
      say_memory_is_used_up();
    }
    std::this_thread::sleep_for(kMemoryPause);  // a timer needs memory, too
  }
}

net::Task<void> CrlKeeper::Impl::wait(Kept& one, milliseconds span) const {
  if (one.dropped || one.hurry) co_return;
  boost::system::error_code cancelled;
  one.timer.expires_after(span);
  co_await one.timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

net::Task<void> CrlKeeper::Impl::wait_until_due(Kept& one) const {
  while (!one.dropped && !one.hurry && now() < *one.due) {
    const std::chrono::seconds left((*one.due - now()).count);
    co_await wait(one, std::min<milliseconds>(parts.times.look, left));
  }
}

net::Task<void> CrlKeeper::Impl::ask(std::shared_ptr<Kept> one) {
  std::unique_lock lock(mutex);
  const CrlUrl url = *one->state.config.url();
  const UnixSeconds asked_at = now();
  lock.unlock();
  auto fetched =
      co_await fetch_crl(url.url, one->validators, net::in(parts.times.connect), net::in(parts.times.answer));
  if (one->dropped) co_return;
  if (!fetched) co_return failed(*one, std::move(fetched).error());
  if (*fetched) {
    Status taken = take(*one, (*fetched)->body);
    if (!taken) co_return failed(*one, std::move(taken).error());
    one->validators = std::move((*fetched)->validators);
  }
  lock.lock();
  one->state.problem.reset();
  one->due = next_look(*one, asked_at);
}

// Judged before the mutex is taken; enforced before it is kept.
Status CrlKeeper::Impl::take(Kept& one, const std::string& body) {
  const crypto::Sha256 digest = crypto::sha256(as_bytes(body));
  if (one.enforced && one.state.digest == digest) return {};  // only this thread changes it
  CrlFiles lists = TRY(read_crl_lists(body, one.state.issuers, now()));
  if (lists.size() > kMostListsOfUrl)
    return fail(Code::crl_fetch_failed, "{} lists came at once, {} are the most", lists.size(), kMostListsOfUrl);
  TRY(one.state.check_next(lists));
  std::string from;
  {
    const std::scoped_lock lock(mutex);
    if (one.dropped) return {};
    one.enforced = false;
    one.state.put(std::move(lists), digest);
    judge_by_what_is_kept();
    from = one.state.config.text();
    log(LogLevel::info, "CRL fetched", {{"from", from}, {"entries", one.state.count_text()}});
  }
  if (parts.changed) parts.changed();
  one.enforced = true;
  if (const Status kept_there = store.write(from, body); !kept_there) log(LogLevel::warning, kept_there.error());
  return {};
}

// With the mutex held. At half of what was left, when it was asked for, of the first to end; none: that has ended.
std::optional<UnixSeconds> CrlKeeper::Impl::next_look(const Kept& one, UnixSeconds at) const {
  Seconds wait = one.state.config.refresh.value_or(CrlConfig::kRefresh);
  for (const auto& crl : one.state.lists) {
    if (crl->next_update <= at) return std::nullopt;
    wait = std::min(wait, Seconds{(crl->next_update - at).count / 2});
  }
  const Seconds least{std::chrono::ceil<std::chrono::seconds>(parts.times.first_retry).count()};
  return at + std::max(wait, std::min(least, one.state.config.refresh.value_or(least)));
}

void CrlKeeper::Impl::failed(Kept& one, Error error) {
  const std::scoped_lock lock(mutex);
  ++one.state.failures;
  const Error said{error.code, fmt::format("the CRL from {}: {}", one.state.config.text(), error.words)};
  // Once for each problem: a server that stays away is no news every five minutes.
  const bool is_new = !one.state.problem || one.state.problem->code != error.code;
  if (is_new) log(LogLevel::warning, said);
  one.state.problem = std::move(error);
  if (is_new && one.state.lists.empty()) judge_by_what_is_kept();  // the words of refusals have the reason
}

}  // namespace symbolon::gateway
