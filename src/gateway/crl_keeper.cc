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
constexpr std::size_t kMostFetches = 8;      // at a time
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

// With the mutex held. A server that stays away is no news every five minutes; a reload that finds a file wrong is
// asked for. Is it another problem than before?
enum class Say : std::uint8_t { always, news };
bool note_problem(CrlSourceState& state, Error error, Say say) {
  const bool is_new = !state.problem || state.problem->code != error.code;
  if (is_new || say == Say::always) {
    log(LogLevel::warning,
        Error{error.code, fmt::format("the CRL from {}: {}", state.config.text(), error.words), error.where});
  }
  state.problem = std::move(error);
  return is_new;
}

}  // namespace

struct CrlKeeper::Next {
  struct Entry {
    CrlSourceState state;
    std::shared_ptr<Kept> before;       // with the same place; null: there was none
    bool goes_on = false;               // `before` is it
    std::optional<Error> problem = {};  // why a file is not what goes on now
  };
  std::vector<Entry> entries;
};

struct CrlKeeper::Impl {
  explicit Impl(Parts given) : parts(std::move(given)), store(parts.folder), watching(context), turn(context) {
    turn.expires_at(asio::steady_timer::time_point::max());  // once: it would end the waits of all
  }

  const Parts parts;
  const CrlStore store;
  const std::shared_ptr<revocation::CrlSource> source = std::make_shared<revocation::CrlSource>();
  std::size_t turns = 0;        // fetches that go on; goes after `context`, with which they may end
  bool ending = false;          // likewise
  asio::io_context context{1};  // goes after `kept`, whose timers are of it
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer watching;
  asio::steady_timer turn;   // cancelled when a fetch ends
  mutable std::mutex mutex;  // guards `kept` and its states
  std::vector<std::shared_ptr<Kept>> kept;
  std::thread thread;

  UnixSeconds now() const { return parts.clock->now(); }
  std::shared_ptr<Kept> kept_from(const std::string& from) const;
  Result<Next::Entry> read(const CrlConfig& crl, const std::vector<x509::Certificate>& anchors);
  Status read_file_of(Next::Entry& entry, const std::vector<x509::Certificate>& anchors) const;
  Status stay(Next::Entry& entry, Error problem) const;
  Status find_bases(std::vector<Next::Entry>& entries) const;
  CrlFiles lists_of(const Next::Entry& entry) const;
  void look_into_store(CrlSourceState& state) const;
  void spawn(net::Task<void> task);
  void start();
  void run();
  void judge_by_what_is_kept();
  void say_news();
  net::Task<void> watch();
  net::Task<void> keep_fresh(std::shared_ptr<Kept> one);
  net::Task<void> wait(Kept& one, milliseconds span) const;
  net::Task<void> wait_until_due(Kept& one) const;
  net::Task<void> ask(std::shared_ptr<Kept> one);
  net::Task<void> wait_for_turn(const Kept& one);
  Status take(Kept& one, CrlSpool& spool);
  std::optional<UnixSeconds> next_look(const Kept& one, UnixSeconds at) const;
  // One of those that fetch.
  class Turn {
   public:
    explicit Turn(Impl& of) : of_(of) { ++of_.turns; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      --of_.turns;
      if (!of_.ending) of_.turn.cancel();
    }

   private:
    Impl& of_;
  };
  void failed(Kept& one, Error error);
};

CrlKeeper::CrlKeeper(Parts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {
  ENSURE(impl_->parts.clock != nullptr);
}

CrlKeeper::~CrlKeeper() {
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
  impl_->ending = true;
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
  TRY(impl_->find_bases(next->entries));
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
  out.before = kept_from(crl.text());
  if (crl.file() != nullptr) {
    if (Status read = read_file_of(out, anchors); !read) TRY(stay(out, std::move(read).error()));
    return out;
  }
  out.state.issuers = TRY(read_crl_issuers(*crl.issuers));
  if (out.before) {
    out.goes_on = out.before->state.issuers == out.state.issuers;
  } else {
    look_into_store(out.state);
  }
  return out;
}

// States of files change in keep() alone, which does not run beside this.
Status CrlKeeper::Impl::read_file_of(Next::Entry& entry, const std::vector<x509::Certificate>& anchors) const {
  const CrlConfig& config = entry.state.config;
  entry.state.issuers = config.issuers ? TRY(read_crl_issuers(*config.issuers)) : anchors;
  FileSource file = TRY(FileSource::open(*config.file()));
  if (entry.before && entry.before->state.issuers == entry.state.issuers) {
    entry.state.digest = TRY(digest_of(file));
    if (entry.before->state.digest == entry.state.digest) {
      entry.state.lists = entry.before->state.lists;
      return {};
    }
    file.rewind();
  }
  ReadLists read = TRY(read_crl_lists(file, entry.state.issuers, now()));
  entry.state.lists = std::move(read.lists);
  entry.state.digest = read.digest;
  return entry.before ? entry.before->state.check_next(entry.state.lists) : Status();
}

// A file that is wrong must not hold up what else a reload brings (a renewed certificate, another trust): what it gave
// before goes on. There is no such thing at a start, nor for an entry that says something else now.
Status CrlKeeper::Impl::stay(Next::Entry& entry, Error problem) const {
  if (entry.before) {
    const std::scoped_lock lock(mutex);
    ++entry.before->state.failures;
  }
  if (!entry.before || entry.before->state.config.issuers != entry.state.config.issuers)
    return std::unexpected(std::move(problem));
  entry.goes_on = true;
  entry.problem = std::move(problem);
  return {};
}

CrlFiles CrlKeeper::Impl::lists_of(const Next::Entry& entry) const {
  const std::scoped_lock lock(mutex);
  return entry.goes_on ? entry.before->state.lists : entry.state.lists;
}

Status CrlKeeper::Impl::find_bases(std::vector<Next::Entry>& entries) const {
  std::vector<ReadEntry> read;
  for (const Next::Entry& entry : entries) read.push_back({&entry.state.config, &entry.state.issuers, lists_of(entry)});
  for (auto& [index, problem] : check_bases(read)) {
    Next::Entry& entry = entries[index];
    if (entry.goes_on) continue;
    if (Status stays = stay(entry, std::move(problem)); !stays)
      return std::unexpected(at_crl(std::move(stays).error(), entry.state.config));
  }
  return {};
}

// What cannot be used is as good as nothing: the server is asked at once.
void CrlKeeper::Impl::look_into_store(CrlSourceState& state) const {
  const auto refuse = [&](Error error) { log(LogLevel::warning, at_crl(std::move(error), state.config)); };
  auto content = store.read(state.config.text());
  if (!content) return refuse(std::move(content).error());
  if (!*content) return;
  auto read = read_crl_lists(**content, state.issuers, now());
  if (!read) return refuse(std::move(read).error());
  state.digest = read->digest;
  state.lists = std::move(read->lists);
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
        if (entry.problem) note_problem(entry.before->state, std::move(*entry.problem), Say::always);
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
  say_news();
}

// With the mutex held: once what is about to end, has ended or lacks its base.
void CrlKeeper::Impl::say_news() {
  const auto judged_by = source->current();
  for (const auto& one : kept) {
    for (const Error& error : one->state.news(*judged_by, now())) log(LogLevel::warning, error);
  }
}

std::vector<std::string> CrlKeeper::warnings() const {
  std::vector<std::string> out;
  const UnixSeconds now = impl_->now();
  const std::scoped_lock lock(impl_->mutex);
  const auto judged_by = impl_->source->current();
  for (const auto& one : impl_->kept) {
    for (const Error& error : one->state.troubles(*judged_by, now)) out.push_back(error.words);
  }
  return out;
}

CrlFacts CrlKeeper::facts() const {
  CrlFacts out;
  std::map<std::pair<std::string, std::string>, CrlFacts::List> lists;
  const std::scoped_lock lock(impl_->mutex);
  const auto judged_by = impl_->source->current();
  for (const auto& one : impl_->kept) {
    const std::string from = one->state.config.text();
    out.sources.push_back({from, one->state.failures});
    for (const auto& crl : one->state.lists) {
      const std::string issuer = crl->issuer.subject().text();
      const revocation::CrlFile* const delta = judged_by->delta_of(*crl);
      const UnixSeconds until = delta != nullptr ? delta->next_update : crl->next_update;
      auto& list = lists.try_emplace({issuer, from}, CrlFacts::List{issuer, from, until, 0}).first->second;
      list.next_update = std::min(list.next_update, until);
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

net::Task<void> CrlKeeper::Impl::watch() {
  while (true) {
    {
      const std::scoped_lock lock(mutex);
      say_news();
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
  co_await wait_for_turn(*one);
  const Turn mine(*this);
  if (one->dropped) co_return;
  std::unique_lock lock(mutex);
  const CrlUrl url = *one->state.config.url();
  const UnixSeconds asked_at = now();
  lock.unlock();
  const auto spool = store.spool(url.text);
  CrlFetch fetch{url.url, one->validators, spool, net::in(parts.times.connect), net::in(parts.times.answer)};
  auto fetched = co_await fetch_crl(std::move(fetch));
  if (one->dropped) co_return;
  if (!fetched) co_return failed(*one, std::move(fetched).error());
  if (*fetched) {
    Status taken = take(*one, *spool);
    if (!taken) co_return failed(*one, std::move(taken).error());
    one->validators = std::move(**fetched);
  }
  lock.lock();
  one->state.problem.reset();
  one->due = next_look(*one, asked_at);
}

// As many bodies as are fetched at a time may lie in the folder beside those that are kept.
net::Task<void> CrlKeeper::Impl::wait_for_turn(const Kept& one) {
  while (turns == kMostFetches && !one.dropped) {
    boost::system::error_code cancelled;
    co_await turn.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

// Judged before the mutex is taken; enforced before it is kept.
Status CrlKeeper::Impl::take(Kept& one, CrlSpool& spool) {
  if (one.enforced && one.state.digest == spool.digest()) return {};  // only this thread changes it
  ReadLists read = TRY(read_crl_lists(*spool.content(), one.state.issuers, now()));
  if (read.lists.size() > kMostListsOfUrl)
    return fail(Code::crl_fetch_failed, "{} lists came at once, {} are the most", read.lists.size(), kMostListsOfUrl);
  TRY(one.state.check_next(read.lists));
  std::string from;
  {
    const std::scoped_lock lock(mutex);
    if (one.dropped) return {};
    one.enforced = false;
    one.state.put(std::move(read.lists), read.digest);
    judge_by_what_is_kept();
    from = one.state.config.text();
    log(LogLevel::info, "CRL fetched", {{"from", from}, {"entries", one.state.count_text()}});
  }
  if (parts.changed) parts.changed();
  one.enforced = true;
  if (const Status kept_there = spool.keep(); !kept_there) log(LogLevel::warning, kept_there.error());
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
  const bool is_new = note_problem(one.state, std::move(error), Say::news);
  if (is_new && one.state.lists.empty()) judge_by_what_is_kept();  // the words of refusals have the reason
}

}  // namespace symbolon::gateway
