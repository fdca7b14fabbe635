// A few thousand certificates as searching sees them: fixed columns, and one text that is scanned in one go.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/query.h"
#include "ledger/records.h"

namespace symbolon::ledger {

struct SearchRow {
  std::int64_t id;
  std::int64_t not_after;
  std::int64_t changed_at;  // when it was issued; when it was reserved until then
  std::uint32_t profile;    // numbers of the index's word lists
  std::uint32_t requester;
  std::uint32_t issuer;
  std::uint32_t text_begin;  // subject, line break, then for each name a line: kind mark, value, line break
  std::uint32_t subject_size;
  CertificateState state;
  bool revoked;
};

class SearchBlock {
 public:
  static constexpr std::size_t kRows = 4096;
  using Mask = std::bitset<kRows>;

  SearchBlock();
  bool full() const { return rows_.size() == kRows; }
  const std::vector<SearchRow>& rows() const { return rows_; }
  std::vector<SearchRow>& rows() { return rows_; }
  // `row` without its place in the text; the rest from the record.
  void add(SearchRow row, const CertificateRecord& record);
  void set_fingerprint(std::size_t row, const x509::Fingerprint& fingerprint) { fingerprints_[row] = fingerprint; }

  // Clears the rows of `mask` that a term about subject, names, serial or fingerprint does not want.
  void keep(const TextTerm& term, Mask& mask) const;

 private:
  std::size_t end_of(std::size_t row) const;
  std::string_view text_of(std::size_t row) const;
  bool text_fits(const TextTerm& term, std::size_t row) const;
  void find_in_text(const TextTerm& term, const Mask& among, Mask& found) const;
  void find_in_numbers(const TextTerm& term, const Mask& among, Mask& found) const;

  std::vector<SearchRow> rows_;
  std::vector<x509::SerialNumber> serials_;
  std::vector<x509::Fingerprint> fingerprints_;  // zeros until it is issued
  std::string text_;                             // lower case
};

// Letters A to Z only.
std::string lower_case(std::string_view text);

}  // namespace symbolon::ledger
