// What the ledger's tests share: a folder that goes away, intents and certificates of plain bytes.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>

#include "ledger/serial_allocator.h"
#include "ledger/sqlite_ledger.h"

namespace symbolon::ledger::test {

inline constexpr UnixSeconds kNow{1'800'000'000};

class Folder {
 public:
  explicit Folder(const Path& beneath = std::filesystem::temp_directory_path()) {
    std::string pattern = (beneath / "ledger_test.XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code problem;
    std::filesystem::remove_all(path_, problem);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Path operator/(std::string_view name) const { return path_ / name; }
  const Path& path() const { return path_; }

 private:
  Path path_;
};

// A clock that tests set while the ledger's threads read it.
class TestClock final : public Clock {
 public:
  UnixSeconds now() const override { return {now_.load()}; }
  void set(UnixSeconds at) { now_ = at.count; }

 private:
  std::atomic<std::int64_t> now_ = kNow.count;
};

// The ledger looks no deeper into a certificate than to its first element (RFC 5280 §4.1): so much is made here.
inline Bytes element(std::uint8_t tag, ByteView content) {
  Bytes out{tag};
  if (content.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    out.push_back(0x82);
    out.push_back(static_cast<std::uint8_t>(content.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(content.size()));
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}
inline Bytes tbs_for(const x509::SerialNumber& serial, std::size_t padding = 400) {
  Bytes content = element(0x02, serial.der_content());
  const Bytes rest = element(0x04, Bytes(padding, 0x5a));
  content.insert(content.end(), rest.begin(), rest.end());
  return element(0x30, content);
}
inline Bytes certificate_for(ByteView tbs) {
  Bytes content = to_bytes(tbs);
  const Bytes signature = element(0x03, Bytes(72, 0x01));
  content.insert(content.end(), signature.begin(), signature.end());
  return element(0x30, content);
}

inline NewIntent intent_for(IssuerId issuer, const x509::SerialNumber& serial, std::string_view host) {
  return NewIntent{.issuer = issuer,
                   .serial = serial,
                   .tbs = tbs_for(serial),
                   .profile = "server",
                   .requester = "alice",
                   .subject = fmt::format("CN={},O=Example Corp", host),
                   .names = {{x509::NameKind::dns, std::string(host)}},
                   .validity = {kNow, kNow + kDay * 90},
                   .spki_sha256 = crypto::sha256(as_bytes(host))};
}

inline IssuerId add_issuer(Ledger& ledger, std::string_view name = "Issuing CA") {
  const Result<IssuerId> added = ledger.add_issuer({.name = std::string(name),
                                                    .certificate = to_bytes(as_bytes(name)),
                                                    .key_reference = "keys/issuing.key",
                                                    .actor = "root"});
  EXPECT_TRUE(added) << (added ? "" : added.error().text());
  return added.value_or(IssuerId{});
}

// Reserved and completed.
inline CertificateId issue(Ledger& ledger, const NewIntent& intent) {
  const Result<IntentId> reserved = ledger.reserve(intent);
  EXPECT_TRUE(reserved) << (reserved ? "" : reserved.error().text());
  if (!reserved) return {};
  const Result<CertificateId> completed = ledger.complete({*reserved, certificate_for(intent.tbs)});
  EXPECT_TRUE(completed) << (completed ? "" : completed.error().text());
  return completed.value_or(CertificateId{});
}

// So many, in two commits.
inline void issue_many(Ledger& ledger, IssuerId issuer, int count) {
  const SerialAllocator serials(ledger.instance_prefix());
  std::vector<NewIntent> intents;
  for (int n = 0; n < count; ++n)
    intents.push_back(intent_for(issuer, serials.draw(), fmt::format("host-{}.example", n)));
  std::vector<Completion> completions;
  const std::vector<Result<IntentId>> reserved = ledger.reserve_many(intents);
  for (std::size_t n = 0; n < reserved.size(); ++n) {
    ASSERT_TRUE(reserved[n]);
    completions.push_back({*reserved[n], certificate_for(intents[n].tbs)});
  }
  for (const Result<CertificateId>& completed : ledger.complete_many(std::move(completions))) ASSERT_TRUE(completed);
}

template <typename T>
Code code_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? Code::internal : result.error().code;
}

}  // namespace symbolon::ledger::test
