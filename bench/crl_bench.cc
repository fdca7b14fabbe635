// What does it cost to read a CRL of another CA, to hold it and to look into it?
//
//   crl_bench FILE ISSUER      the list, in DER or PEM, and the certificate of its CA; one JSON object
//
// Memory is what the kernel counts as resident: before, at the most while it was read, and afterwards.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>
#include <string>

#include "base/file.h"
#include "revocation/crl_reader.h"
#include "revocation/crl_set.h"

namespace {

using namespace symbolon;

double thread_seconds() {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}: {}\n", name(result.error().code), result.error().text());
  std::exit(1);
}

// MiB of a field of /proc/self/status.
double memory(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::strtod(line.c_str() + field.size() + 1, nullptr) / 1024;
  }
  return 0;
}

// Nanoseconds a question, of serials that are listed and of others, in random order.
double lookup(const revocation::SerialTable& table, bool listed) {
  constexpr std::size_t kQuestions = 1'000'000;
  std::vector<x509::SerialNumber> asked;
  std::mt19937_64 random(1);
  table.for_each([&](ByteView magnitude, UnixSeconds) {
    Bytes octets = to_bytes(magnitude);
    if (!listed) octets.back() = static_cast<std::uint8_t>(octets.back() ^ 0x55U);
    asked.push_back(*x509::SerialNumber::from_magnitude(octets));
  });
  if (asked.empty()) return 0;
  std::ranges::shuffle(asked, random);
  std::size_t found = 0;
  const double begin = thread_seconds();
  for (std::size_t i = 0; i < kQuestions; ++i) found += table.find(asked[i % asked.size()]) ? 1U : 0U;
  const double spent = thread_seconds() - begin;
  if (listed && found != kQuestions) fmt::print(stderr, "{} of {} were found\n", found, kQuestions);
  return spent / static_cast<double>(kQuestions) * 1e9;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    fmt::print(stderr, "usage: crl_bench FILE ISSUER\n");
    return 2;
  }
  const std::vector<x509::Certificate> issuers =
      must(x509::Certificate::from_file_content(must(read_file(words[2])), words[2]));
  const double before = memory("VmRSS");
  const auto begin = std::chrono::steady_clock::now();
  const double processor = thread_seconds();
  auto file = must(FileSource::open(words[1]));
  auto lists = must(revocation::read_crls(file, issuers, {.now = UnixSeconds{std::time(nullptr)}}));
  const double spent = thread_seconds() - processor;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double peak = memory("VmHWM");
  ::malloc_trim(0);
  const double after = memory("VmRSS");
  const revocation::SerialTable& table = lists.front().entries;
  fmt::print(
      "{{\"entries\": {}, \"read_s\": {:.3f}, \"read_processor_s\": {:.3f}, \"table_mib\": {:.1f}, \"added_mib\": "
      "{:.1f}, "
      "\"peak_above_mib\": {:.1f}, \"listed_ns\": {:.0f}, \"not_listed_ns\": {:.0f}}}\n",
      table.size(), seconds, spent, static_cast<double>(table.memory()) / (1 << 20), after - before, peak - after,
      lookup(table, true), lookup(table, false));
  return 0;
}
