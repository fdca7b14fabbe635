// What was recorded of a connection that was refused: a line of `records` (docs/rejections.md) as an object, and the
// question for it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace symbolon::api {

struct RecordedCertificate {
  std::string subject;  // RFC 4514
  std::vector<std::string> san;
  std::string serial;  // hex
  std::string issuer;  // RFC 4514
  UnixSeconds not_before;
  UnixSeconds not_after;
  std::string fingerprint;  // SHA-256, hex
  bool operator==(const RecordedCertificate&) const = default;
};

// RFC 8446 §6.2
struct RecordedAlert {
  std::int64_t number = 0;
  std::string name;
  bool operator==(const RecordedAlert&) const = default;
};

// The members are those of the line; what is not said there is absent.
struct RejectionRecord {
  UnixSeconds time;
  std::string id;
  std::optional<std::string> route;  // "authority": the API's own listener
  std::optional<std::string> peer;   // where it came from, with the port
  std::optional<std::string> proxy;
  std::optional<std::string> service;  // its server refused us, or was refused by us
  std::string code;                    // a row of the code table; a newer gateway may know more
  std::string fault;                   // whose
  std::string sentence;
  std::optional<std::string> detail;
  std::optional<std::string> remedy;
  std::optional<std::string> server_name;
  std::optional<std::string> version;  // "TLSv1.3"; absent: it never came to one
  std::optional<std::string> rule;
  std::optional<std::int64_t> certificate_index;   // in what was presented: 0 is the leaf
  std::optional<UnixSeconds> limit;                // the moment that was missed
  std::optional<std::string> by;                   // by how much
  std::optional<RecordedCertificate> certificate;  // that is to blame
  std::optional<RecordedCertificate> leaf;         // where it is another one
  std::optional<std::string> identity;
  std::optional<std::int64_t> presented;  // certificates
  std::optional<std::string> session_declined;
  std::optional<std::string> possession;
  std::optional<RecordedAlert> alert_sent;
  std::optional<RecordedAlert> alert_received;
  bool operator==(const RejectionRecord&) const = default;
};

// GET /v1/gateway/records/{id}, GET /v1/gateway/own-records
struct RejectionList {
  static constexpr std::size_t kMost = 20;
  std::vector<RejectionRecord> records;  // newest first
  bool operator==(const RejectionList&) const = default;
};

// Both must fit; at least one stands there.
struct RejectionQuery {
  std::string id = {};           // as parse_record_id() gives it
  std::string fingerprint = {};  // of the leaf that was presented
  bool operator==(const RejectionQuery&) const = default;
};

// An empty list: none is known. May block.
using LookUpRejections = std::function<Result<RejectionList>(const RejectionQuery&)>;

// Four characters of Crockford's base 32 as people type them: small letters too, O for 0, I and L for 1. Fails with
// bad_request.
Result<std::string> parse_record_id(std::string_view text);

// Whether the leaf that was presented has this fingerprint. (A CA's certificate may be to blame for it.)
bool is_about(const RejectionRecord& record, std::string_view fingerprint);

// What the holder of the certificate may see: nothing of where the connection came from, which may be somebody with a
// copy of the certificate, nor of what stands behind the route.
RejectionRecord for_its_holder(RejectionRecord record);

}  // namespace symbolon::api
