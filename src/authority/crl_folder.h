// The CRLs of an authority on the disk: state_layout.h says where.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "authority/crl_part.h"
#include "authority/state_layout.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

namespace symbolon::authority {

// For one process at a time, which holds the state's lock; not thread-safe.
class CrlFolder {
 public:
  explicit CrlFolder(StateLayout layout) : layout_(std::move(layout)) {}

  // A cRLNumber (RFC 5280 §5.2.3) that no CRL of this CA had before: max(last + 1, time). `names`: of its certificates,
  // whose CRLs count on from each other; the first one's file has the number. On the disk before this returns, so that
  // none is used twice, whatever ends the process. Without files (a restored backup) the time is beyond what was used,
  // unless the clock stands before it. Fails with file_unwritable, file_unreadable (what is there cannot be
  // understood).
  Result<std::uint64_t> claim_number(const std::vector<std::string>& names, UnixSeconds now);

  // In place of the one that is there, whole, 0644. Fails with already_exists when that has this number or a higher
  // one, and with file_unwritable.
  Status publish(const std::string& issuer, const CrlPart& part, std::uint64_t number, ByteView der);

  // What is published. Fails with file_missing, file_unreadable.
  Result<std::string> read(const std::string& issuer, const CrlPart& part = {}) const;
  // What lies there beside the full one.
  std::vector<CrlPart> parts(const std::string& issuer) const;
  // When it was written; none: there is no such file.
  std::optional<std::filesystem::file_time_type> written_at(const std::string& issuer) const;
  Path file(const std::string& issuer, const CrlPart& part = {}) const { return layout_.crls() / part.place(issuer); }

 private:
  Result<std::uint64_t> last_number(const std::string& issuer) const;
  StateLayout layout_;
};

// The cRLNumber of a CRL in DER, full or delta; the highest one where it has more than 8 octets. Fails with
// crl_malformed.
Result<std::uint64_t> crl_number_of(ByteView der);

}  // namespace symbolon::authority
