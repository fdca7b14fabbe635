// Durable issuance through the issuance interface: request read and verified, profile applied, linted, recorded,
// signed, the signature verified, completed; an answer counts after its commit. Beside it, in the same run, the
// machine's single durable commits and what each step costs of the processor.
//
//   issuance_bench LEDGER [SECONDS [REQUESTERS]]
//
// LEDGER is made if it is not there; `ledger_bench fill LEDGER 1000000` makes one with a million certificates. A root
// and an issuing CA of the bench are added to it.
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "authority/apply_profile.h"
#include "authority/hierarchy.h"
#include "authority/issuance.h"
#include "ledger/sqlite_ledger.h"
#include "x509/lint.h"

namespace {

using namespace symbolon;
using namespace symbolon::authority;
using Instant = std::chrono::steady_clock::time_point;

Instant now() { return std::chrono::steady_clock::now(); }
double seconds_since(Instant begin) { return std::chrono::duration<double>(now() - begin).count(); }
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}: {}\n", name(result.error().code), result.error().text());
  std::exit(1);
}

// One row a transaction, each on the disk before the next begins: what an authority without shared commits could do at
// most, since it needs two of them for a certificate that is recorded before it is signed.
double single_commits(const Path& folder) {
  const Path path = folder / "issuance_bench.commits";
  std::filesystem::remove(path);
  std::uint64_t commits = 0;
  double elapsed = 0;
  {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)");
    SQLite::Statement insert(database, "INSERT INTO t (b) VALUES (zeroblob(600))");
    const Instant begin = now();
    while ((elapsed = seconds_since(begin)) < 3) {
      insert.exec();
      insert.reset();
      ++commits;
    }
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
  return static_cast<double>(commits) / elapsed;
}

std::shared_ptr<const IssuerSet> make_issuers(ledger::Ledger& ledger) {
  const auto taken = must(ledger.issuers());
  CaOptions options{.name = free_issuer_name("bench-root", taken),
                    .subject = must(ca_subject("Bench", "Root CA")),
                    .lifetime = kRootLifetime,
                    .actor = "bench"};
  const Issuer root =
      must(make_root(ledger, system_clock(), must(crypto::PrivateKey::generate(crypto::KeyType::p256)), options));
  options.name = free_issuer_name("bench-issuing", taken);
  options.subject = must(ca_subject("Bench", "Issuing CA"));
  options.lifetime = kIssuingLifetime;
  Issuer issuing = must(make_issuing_ca(ledger, system_clock(), root,
                                        must(crypto::PrivateKey::generate(crypto::KeyType::p256)), options));
  issuing.chain = {issuing.certificate};
  issuing.in_use = true;
  return std::make_shared<IssuerSet>(IssuerSet{.issuers = {std::move(issuing)}});
}

std::string new_request() {
  const auto key = must(crypto::PrivateKey::generate(crypto::KeyType::p256));
  return must(x509::make_request(key, {}, {})).pem();
}

IssueRequest request_for(const std::string& pem, std::uint64_t number) {
  return {.profile = "server",
          .request = must(x509::CertificateRequest::from_file_content(pem)),
          .names = {must(x509::GeneralName::dns(fmt::format("host-{}.bench.example", number)))},
          .requester = "bench"};
}

template <typename Step>
void measure(std::string_view name, Step step) {
  constexpr int kRounds = 2000;
  for (int i = 0; i < kRounds / 10; ++i) step();
  const double begin = processor_seconds();
  for (int i = 0; i < kRounds; ++i) step();
  fmt::print("  {:<42} {:7.1f} us\n", name, (processor_seconds() - begin) / kRounds * 1e6);
}

void measure_steps(const Issuance& issuance) {
  const std::string pem = new_request();
  const IssueRequest request = request_for(pem, 1);
  const Issuer& issuer = issuance.issuers()->issuers.front();
  const auto linted = must(issuance.prepare(request));
  const Bytes tbs = to_bytes(linted.tbs());
  const ByteView algorithm = issuer.signer->algorithm_identifier();
  const Bytes signature = must(issuer.signer->sign(tbs));
  fmt::print("steps, of one processor:\n");
  measure("read the request, verify its signature", [&] { must(x509::CertificateRequest::from_file_content(pem)); });
  measure("apply the profile, encode, lint", [&] { must(issuance.prepare(request)); });
  measure("  of that: lint", [&] {
    const auto findings = x509::lint_tbs(
        tbs, {.algorithm_identifier = algorithm, .issuer = &issuer.certificate, .key = &request.request.public_key()});
    if (!findings.empty()) std::exit(1);
  });
  measure("sign", [&] { must(issuer.signer->sign(tbs)); });
  measure("verify the signature just made", [&] {
    if (!crypto::verify_signature(issuer.signer->public_key(), algorithm, tbs, signature)) std::exit(1);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: issuance_bench LEDGER [SECONDS [REQUESTERS]]\n");
    return 2;
  }
  const Path path = argv[1];
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  const int requesters = argc > 3 ? std::atoi(argv[3]) : 64;
  const auto ledger =
      must(std::filesystem::exists(path) ? ledger::SqliteLedger::open(path) : ledger::SqliteLedger::create(path));
  const std::uint64_t before = must(ledger->status()).certificates;
  Issuance issuance(*ledger, system_clock(), std::make_shared<ProfileSet>(builtin_profiles("Bench")),
                    make_issuers(*ledger));
  measure_steps(issuance);

  const double single_before = single_commits(std::filesystem::absolute(path).parent_path());
  std::atomic<std::uint64_t> asked = 0;
  std::atomic<std::uint64_t> issued = 0;
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  const double processor = processor_seconds();
  const Instant begin = now();
  for (int i = 0; i < requesters; ++i) {
    threads.emplace_back([&] {
      const std::string pem = new_request();
      while (!stop) {
        must(issuance.issue(request_for(pem, ++asked)));
        ++issued;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const double elapsed = seconds_since(begin);
  const auto rate = static_cast<double>(issued) / elapsed;
  const double used = processor_seconds() - processor;
  stop = true;
  threads.clear();
  const double single_after = single_commits(std::filesystem::absolute(path).parent_path());
  const double single = std::max(single_before, single_after);
  fmt::print("{} certificates before; {} requesters at once: {:.0f} durable issuances a second\n", before, requesters,
             rate);
  fmt::print("single durable commits in the same run: {:.0f}/s before, {:.0f}/s after; ratio to the better: {:.2f}\n",
             single_before, single_after, rate / single);
  fmt::print("of the processor: {:.0f} us a certificate, {:.2f} cores of {}\n",
             used / static_cast<double>(issued) * 1e6, used / elapsed, std::thread::hardware_concurrency());
  return 0;
}
