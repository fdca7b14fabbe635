// How fast is the ledger alone? Durable reservations and completions of many threads, the machine's single commits in
// the same run, the start, and queries. No signing, no linting: bench/issuance_bench.cc has those.
//
//   ledger_bench fill FILE COUNT [REVOKED]   COUNT more certificates by the ledger's own calls, the first REVOKED of
//   them
//                                       revoked; a ledger of an authority that does not run, or a new one
//   ledger_bench issue FILE [SECONDS] [THREADS]
//   ledger_bench open FILE              time to open, until searching is ready, and of queries
//   ledger_bench verify FILE            time to verify the audit chain, and of a backup
//   ledger_bench commits FOLDER         single durable commits a second, by SQLite alone
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>

#include "ledger/serial_allocator.h"
#include "ledger/sqlite_ledger.h"

namespace {

using namespace symbolon;
using namespace symbolon::ledger;
using Instant = std::chrono::steady_clock::time_point;

Instant now() { return std::chrono::steady_clock::now(); }
double seconds_since(Instant begin) { return std::chrono::duration<double>(now() - begin).count(); }

// Processor time of this thread: what a query costs however busy the machine is.
double thread_seconds() {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}
double process_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}: {}\n", name(result.error().code), result.error().text());
  std::exit(1);
}

// As large as a P-256 server certificate of ours, in a shape that the ledger accepts.
Bytes tlv(std::uint8_t tag, ByteView content) {
  Bytes out(4 + content.size());
  out[0] = tag;
  out[1] = 0x82;
  out[2] = static_cast<std::uint8_t>(content.size() >> 8);
  out[3] = static_cast<std::uint8_t>(content.size());
  std::ranges::copy(content, out.begin() + 4);
  return out;
}
constexpr std::size_t kTbsContent = 460;
constexpr std::size_t kSignature = 71;

struct Certificate {
  NewIntent intent;
  Bytes der;
};
Certificate make(IssuerId issuer, const SerialAllocator& serials, std::uint64_t number) {
  const std::string host = fmt::format("device-{:07}.fleet{}.example.com", number, number % 100);
  const UnixSeconds begin = system_clock().now();
  Certificate out{.intent = {.issuer = issuer,
                             .serial = serials.draw(),
                             .tbs = {},
                             .profile = number % 10 == 0 ? "client" : "server",
                             .requester = fmt::format("requester-{}", number % 1000),
                             .subject = fmt::format("CN={},O=Example Corp", host),
                             .names = {{x509::NameKind::dns, host}},
                             .validity = {begin, begin + kDay * (1 + static_cast<std::int64_t>(number % 397))},
                             .spki_sha256 = crypto::sha256(as_bytes(host))},
                  .der = {}};
  out.intent.tbs = tlv(0x30, crypto::random_bytes(kTbsContent));
  const Bytes signature = tlv(0x03, Bytes(kSignature, 0x55));
  Bytes whole(out.intent.tbs.size() + signature.size());
  std::ranges::copy(signature, std::ranges::copy(out.intent.tbs, whole.begin()).out);
  out.der = tlv(0x30, whole);
  return out;
}

std::unique_ptr<Ledger> open_or_create(const Path& path) {
  return must(std::filesystem::exists(path) ? SqliteLedger::open(path) : SqliteLedger::create(path));
}
IssuerId issuer_of(Ledger& ledger) {
  const std::vector<Issuer> issuers = must(ledger.issuers());
  if (const auto used = std::ranges::find(issuers, true, &Issuer::in_use); used != issuers.end()) return used->id;
  if (!issuers.empty()) return issuers.front().id;
  return must(ledger.add_issuer({.name = "Bench CA", .certificate = {1}, .key_reference = {}, .actor = "bench"}));
}

// As many calls in flight as a window holds.
class Window {
 public:
  void enter() {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return inside_ < 2048; });
    ++inside_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --inside_;
    left_.notify_one();
  }
  void drain() {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  std::size_t inside_ = 0;
};

void complete(Ledger& ledger, IntentId id, Bytes der, std::function<void()> then) {
  ledger.complete_async({id, std::move(der)}, [then = std::move(then)](Result<CertificateId> done) {
    must(std::move(done));
    then();
  });
}

int fill(const Path& path, std::uint64_t count, std::uint64_t revoked) {
  const auto ledger = open_or_create(path);
  const IssuerId issuer = issuer_of(*ledger);
  const SerialAllocator serials(ledger->instance_prefix());
  Window window;
  const Instant begin = now();
  for (std::uint64_t number = 0; number < count; ++number) {
    window.enter();
    auto certificate = std::make_shared<Certificate>(make(issuer, serials, number));
    const NewRevocation revocation{.issuer = issuer, .serial = certificate->intent.serial, .actor = "bench"};
    ledger->reserve_async(std::move(certificate->intent), [&, certificate, revocation, number](Result<IntentId> id) {
      complete(*ledger, must(std::move(id)), std::move(certificate->der), [&, revocation, number] {
        if (number >= revoked) return window.leave();
        ledger->revoke_async(revocation, [&](Result<RevocationOutcome> done) {
          must(std::move(done));
          window.leave();
        });
      });
    });
    if (number % 100'000 == 99'999) {
      fmt::print("{:>9} certificates, {:.0f}/s\n", number + 1, static_cast<double>(number + 1) / seconds_since(begin));
    }
  }
  window.drain();
  fmt::print("filled: {} certificates in {:.1f} s, {:.0f}/s\n", count, seconds_since(begin),
             static_cast<double>(count) / seconds_since(begin));
  return 0;
}

double single_commits(const Path& folder) {
  const Path path = folder / "ledger_bench.commits";
  std::filesystem::remove(path);
  std::uint64_t commits = 0;
  double elapsed = 0;
  {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)");
    SQLite::Statement insert(database, "INSERT INTO t (b) VALUES (zeroblob(600))");
    const Instant begin = now();
    while ((elapsed = seconds_since(begin)) < 2) {
      insert.exec();
      insert.reset();
      ++commits;
    }
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
  return static_cast<double>(commits) / elapsed;
}

int issue(const Path& path, double seconds, int threads) {
  const auto ledger = open_or_create(path);
  const IssuerId issuer = issuer_of(*ledger);
  const SerialAllocator serials(ledger->instance_prefix());
  const std::uint64_t before = must(ledger->status()).certificates;
  std::atomic<std::uint64_t> issued = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> requesters;
  const double single = single_commits(path.parent_path());
  const double processor = process_seconds();
  const Instant begin = now();
  for (int t = 0; t < threads; ++t) {
    requesters.emplace_back([&] {
      while (!stop) {
        Certificate certificate = make(issuer, serials, ++issued);
        const IntentId id = must(ledger->reserve(std::move(certificate.intent)));
        must(ledger->complete({id, std::move(certificate.der)}));
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const auto pairs = static_cast<double>(issued) / seconds_since(begin);
  const double each = (process_seconds() - processor) / static_cast<double>(issued);
  stop = true;
  for (std::thread& thread : requesters) thread.join();
  fmt::print(
      "{} certificates before; {} threads: {:.0f} reserve+complete a second, each twice durable, {:.0f} us of the"
      " processor each; single commits {:.0f}/s; ratio {:.2f}\n",
      before, threads, pairs, each * 1e6, single, pairs / single);
  return 0;
}

int open(const Path& path) {
  Instant begin = now();
  const auto ledger = must(SqliteLedger::open(path));
  fmt::print("open: {:.3f} s\n", seconds_since(begin));
  const LedgerStatus status = must(ledger->status());
  fmt::print("searching ready: {:.3f} s, {:.3f} s of the processor ({} certificates, {} MiB)\n", seconds_since(begin),
             process_seconds(), status.certificates, status.octets >> 20);
  const std::string_view queries[] = {"",
                                      "sort:oldest",
                                      "sort:expires",
                                      "device-0000123",
                                      "example",
                                      "example sort:expires",
                                      "zz",
                                      "e",
                                      "fleet7.example -profile:server",
                                      "nosuchname",
                                      "profile:client requester:requester-10",
                                      "state:revoked",
                                      "state:expired",
                                      "state:valid expires<30d",
                                      "expires<2d example nosuch",
                                      "serial:00",
                                      "0012",
                                      "san:dns:*-00*",
                                      "fingerprint:abcdef",
                                      "-example",
                                      "fleet example nosuch",
                                      "requester:requester-1* sort:expires"};
  for (const std::string_view text : queries) {
    const Query query = must(parse_query(text, system_clock().now()));
    double best = 1e9;
    double processor = 1e9;
    std::size_t found = 0;
    for (int round = 0; round < 5; ++round) {
      const double before = thread_seconds();
      begin = now();
      found = must(ledger->list(query, {})).certificates.size();
      best = std::min(best, seconds_since(begin));
      processor = std::min(processor, thread_seconds() - before);
    }
    fmt::print("list {:<45} {:>3} rows {:6.2f} ms, of the processor {:6.2f} ms\n", text, found, best * 1e3,
               processor * 1e3);
  }
  for (const std::string_view what : {"device-0000123.fleet23.example.com", "0012345678"}) {
    double processor = 1e9;
    std::size_t found = 0;
    for (int round = 0; round < 5; ++round) {
      const double before = thread_seconds();
      found = must(ledger->find(what, 10)).size();
      processor = std::min(processor, thread_seconds() - before);
    }
    fmt::print("find {:<45} {:>3} rows, of the processor {:6.2f} ms\n", what, found, processor * 1e3);
  }
  return 0;
}

int verify(const Path& path) {
  const auto ledger = must(SqliteLedger::open(path));
  Instant begin = now();
  const VerifyReport report = must(ledger->verify({}));
  fmt::print("verify: {} entries in {:.1f} s\n", report.head.sequence, seconds_since(begin));
  const Path copy = path.string() + ".copy";
  std::filesystem::remove(copy);
  begin = now();
  const BackupReport backup = must(ledger->backup(copy, {}));
  fmt::print("backup: {} MiB in {:.1f} s\n", backup.octets >> 20, seconds_since(begin));
  std::filesystem::remove(copy);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 2 ? argv[1] : "";
  const Path path = argc > 2 ? argv[2] : "";
  if (verb == "fill" && argc > 3) {
    return fill(path, std::strtoull(argv[3], nullptr, 10), argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0);
  }
  if (verb == "issue") return issue(path, argc > 3 ? std::atof(argv[3]) : 5, argc > 4 ? std::atoi(argv[4]) : 64);
  if (verb == "open") return open(path);
  if (verb == "verify") return verify(path);
  if (verb == "commits") return fmt::print("single commits: {:.0f}/s\n", single_commits(path)), 0;
  fmt::print(stderr,
             "usage: ledger_bench fill FILE COUNT [REVOKED] | issue FILE [SECONDS] [THREADS] | open FILE | verify FILE"
             " | commits FOLDER\n");
  return 2;
}
