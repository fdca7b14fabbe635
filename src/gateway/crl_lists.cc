#include "gateway/crl_lists.h"

#include <algorithm>

#include "crypto/running_digest.h"
#include "revocation/crl_set.h"

namespace symbolon::gateway {
namespace {

// Passes on what it reads. Whoever reads lists reads to the end.
class Digested final : public OctetSource {
 public:
  explicit Digested(OctetSource& source) : source_(source) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t count = TRY(source_.read(into));
    digest_.add(ByteView(into).first(count));
    return count;
  }
  crypto::Sha256 finish() { return digest_.finish(); }

 private:
  OctetSource& source_;
  crypto::RunningSha256 digest_;
};

std::string hex_of(const std::optional<Bytes>& number) { return number ? "0x" + to_hex(*number) : "none"; }

bool may_bring(const ReadEntry& entry, const revocation::IssuerKey& issuer) {
  return entry.config->url() != nullptr && std::ranges::any_of(*entry.issuers, [&](const x509::Certificate& one) {
           return revocation::IssuerKey::of(one) == issuer;
         });
}

}  // namespace

Error at_crl(Error error, const CrlConfig& crl) {
  if (!error.where.empty()) error.words = fmt::format("{}: {}", error.where, error.words);
  error.where = crl.place.text();
  error.words = fmt::format("the CRL from {}: {}", crl.text(), error.words);
  return error;
}

Result<std::vector<x509::Certificate>> read_crl_issuers(const Path& file) {
  auto out = TRY(x509::Certificate::from_file_content(TRY(read_file(file)), file.string()));
  if (out.empty()) return fail_at(file.string(), Code::trust_empty, "no certificate in it");
  return out;
}

Result<ReadLists> read_crl_lists(OctetSource& source, const std::vector<x509::Certificate>& issuers, UnixSeconds now) {
  Digested digested(source);
  auto read = TRY(revocation::read_crls(
      digested, issuers, {.now = now, .stale = revocation::StaleCrl::take, .deltas = revocation::Deltas::take}));
  ReadLists out;
  for (revocation::CrlFile& one : read)
    out.lists.push_back(std::make_shared<const revocation::CrlFile>(std::move(one)));
  out.digest = digested.finish();
  return out;
}

Result<crypto::Sha256> digest_of(OctetSource& source) {
  crypto::RunningSha256 digest;
  Bytes buffer(std::size_t{64} << 10);
  while (const std::size_t count = TRY(source.read(buffer))) digest.add(ByteView(buffer).first(count));
  return digest.finish();
}

Error base_missing(const revocation::CrlFile& delta) {
  return {Code::crl_base_missing,
          fmt::format("the delta CRL {} of {} builds on the full CRL {} or a later one, and none of its scope is here",
                      hex_of(delta.number), delta.issuer.subject().text(), hex_of(delta.base_number))};
}

std::vector<std::pair<std::size_t, Error>> check_bases(const std::vector<ReadEntry>& entries) {
  revocation::CrlSet::Contents contents;
  for (const ReadEntry& entry : entries) {
    for (const auto& crl : entry.lists) contents.lists.push_back({crl, entry.config->text(), {}});
  }
  const revocation::CrlSet all(std::move(contents));
  std::vector<std::pair<std::size_t, Error>> out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].config->file() == nullptr) continue;
    const auto& lists = entries[i].lists;
    const auto found = std::ranges::find_if(lists, [&](const auto& crl) {
      return all.lacks_base(*crl) &&
             std::ranges::none_of(entries, [&](const ReadEntry& one) { return may_bring(one, crl->issuer_key); });
    });
    if (found != lists.end()) out.emplace_back(i, base_missing(**found));
  }
  return out;
}

Status check_successors(const CrlFiles& before, const CrlFiles& next) {
  for (const auto& old : before) {
    for (const auto& one : next) TRY(revocation::check_successor(*old, *one));
  }
  return {};
}

}  // namespace symbolon::gateway
