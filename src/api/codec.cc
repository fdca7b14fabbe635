#include "api/codec.h"

#include "api/members.h"
#include "api/strict_json.h"

namespace symbolon::api {

namespace {

template <typename T>
std::string write(const T& object) {
  Writer writer;
  members(writer, object);
  return boost::json::serialize(writer.take());
}

template <typename T>
Result<T> read(std::string_view json) {
  const boost::json::value value = TRY(parse_strict_json(json));
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Code::bad_request, "a JSON object is expected");
  T result;
  Reader reader(*object);
  members(reader, result);
  if (auto outcome = reader.finish(); !outcome) return std::unexpected(outcome.error());
  return result;
}

}  // namespace

#define WIRE_OBJECT(T)                                          \
  std::string encode(const T& object) { return write(object); } \
  template <>                                                   \
  Result<T> decode<T>(std::string_view json) {                  \
    return read<T>(json);                                       \
  }
WIRE_OBJECT(IssueRequest)
WIRE_OBJECT(IssueAnswer)
WIRE_OBJECT(ListPage)
WIRE_OBJECT(CertificateDetails)
WIRE_OBJECT(CertificateSummary)
WIRE_OBJECT(RevocationRequest)
WIRE_OBJECT(RevocationAnswer)
WIRE_OBJECT(ProfileList)
WIRE_OBJECT(IssuerList)
WIRE_OBJECT(StatusInfo)
WIRE_OBJECT(LedgerVerifyAnswer)
WIRE_OBJECT(LedgerBackupRequest)
WIRE_OBJECT(LedgerBackupAnswer)
WIRE_OBJECT(ClockAcceptance)
WIRE_OBJECT(Progress)
#undef WIRE_OBJECT

}  // namespace symbolon::api
