#include "ledger/searching.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace symbolon::ledger {

Searching::Searching(ReaderPool& readers, const Clock& clock)
    : readers_(readers), clock_(clock), builder_([this] { build(); }) {}

Searching::~Searching() {
  closing_ = true;
  builder_.join();
}

void Searching::build() {
  const Status loaded = load();
  index_.loaded();
  const std::lock_guard lock(mutex_);
  outcome_ = loaded;
  built_.notify_all();
}

Status Searching::load() {
  const ReaderPool::Lease reader = TRY(readers_.lease());
  TRY(reader->walk_certificates([this](const CertificateRecord& record) {
    index_.load(record);
    return closing_ ? Proceed::no : Proceed::yes;
  }));
  return reader->revocations(0, [this](const Revocation& revocation) {
    index_.load(revocation);
    return closing_ ? Proceed::no : Proceed::yes;
  });
}

Status Searching::wait_until_built() {
  std::unique_lock lock(mutex_);
  built_.wait(lock, [this] { return outcome_.has_value(); });
  return *outcome_;
}

IndexState Searching::state() const {
  const std::lock_guard lock(mutex_);
  return {.loading = !outcome_, .waiting = index_.waiting()};
}

Result<SearchIndex::Totals> Searching::totals() {
  TRY(wait_until_built());
  return index_.totals();
}

Result<SearchIndex::Hits> Searching::search(const Query& query, const Page& page) {
  TRY(wait_until_built());
  std::map<std::int64_t, std::string> issuers;
  if (std::ranges::any_of(query.texts, [](const TextTerm& term) { return term.field == Field::issuer; })) {
    const ReaderPool::Lease reader = TRY(readers_.lease());
    for (Issuer& issuer : TRY(reader->issuers())) issuers.emplace(issuer.id.value, std::move(issuer.name));
  }
  return index_.search(query, page, clock_.now(), issuers);
}

Result<Listing> Searching::newest(const Page& page) {
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  if (!page.after.empty()) {
    const char* const end = page.after.data() + page.after.size();
    const auto [after, problem] = std::from_chars(page.after.data(), end, before);
    if (problem != std::errc{} || after != end) {
      return fail(Code::bad_request, "'{}' is not the cursor of a page", page.after);
    }
  }
  const ReaderPool::Lease reader = TRY(readers_.lease());
  Listing listing{.certificates = TRY(reader->newest(before, page.limit + 1)), .next = {}, .index = state()};
  if (listing.certificates.size() > page.limit) {
    listing.certificates.pop_back();
    if (page.limit > 0) listing.next = fmt::format("{}", listing.certificates.back().id.value);
  }
  return listing;
}

Result<Listing> Searching::list(const Query& query, const Page& asked) {
  const Page page{asked.after, std::clamp<std::size_t>(asked.limit, 1, kLargestPage)};
  if (query.everything() && query.order == Order::newest) return newest(page);
  SearchIndex::Hits hits = TRY(search(query, page));
  const ReaderPool::Lease reader = TRY(readers_.lease());
  return Listing{.certificates = TRY(reader->certificates(hits.ids)), .next = std::move(hits.next), .index = state()};
}

// The index of serials found nothing. Searching was built from the table itself: what it knows, the index must know.
Status Searching::check_index_lacks(const x509::SerialNumber& serial) {
  Query query;
  query.texts.push_back({.field = Field::serial, .value = serial.hex(), .pattern = true});
  const SearchIndex::Hits hits = TRY(search(query, {{}, 1}));
  if (hits.ids.empty()) return {};
  const ReaderPool::Lease reader = TRY(readers_.lease());
  if (!TRY(reader->with_serial(serial)).empty()) return {};  // reserved meanwhile
  return fail_at(reader->connection().where(), Code::ledger_corrupt,
                 "certificate {} has the serial {}, and the index of serials does not lead to it",
                 hits.ids.front().value, serial.hex());
}

Result<std::vector<CertificateRecord>> Searching::find(std::string_view what, std::size_t limit) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (what.empty() || std::ranges::any_of(what, is_control)) return std::vector<CertificateRecord>{};
  constexpr std::size_t kSurelySerial = 8;  // octets: no name looks like that
  const Result<x509::SerialNumber> serial = x509::SerialNumber::parse(what);
  if (serial && serial->magnitude().size() >= kSurelySerial) {
    const ReaderPool::Lease reader = TRY(readers_.lease());
    std::vector<CertificateRecord> found = TRY(reader->with_serial(*serial));
    if (!found.empty()) {
      if (found.size() > limit) found.resize(limit);
      return found;
    }
    TRY(check_index_lacks(*serial));
  }
  const Page page{{}, std::clamp<std::size_t>(limit, 1, kLargestPage)};
  const auto matching = [&](TextTerm term) {
    Query query;
    query.texts.push_back(std::move(term));
    return search(query, page);
  };
  // A pattern without `*` wants the whole of a subject, attribute, name, serial or fingerprint.
  SearchIndex::Hits hits = TRY(matching({.field = Field::any, .value = lower_case(what), .pattern = true}));
  if (serial && hits.ids.empty() && serial->hex() != lower_case(what))
    hits = TRY(matching({.field = Field::serial, .value = serial->hex(), .pattern = true}));
  const std::string beginning = plain_hex(lower_case(what));
  constexpr std::size_t kShortestBeginning = 6;  // digits
  if (hits.ids.empty() && beginning.size() >= kShortestBeginning) {
    hits = TRY(matching({.field = Field::serial, .value = beginning}));
    if (hits.ids.empty()) hits = TRY(matching({.field = Field::fingerprint, .value = beginning}));
  }
  const ReaderPool::Lease reader = TRY(readers_.lease());
  return reader->certificates(hits.ids);
}

}  // namespace symbolon::ledger
