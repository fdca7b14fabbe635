#include "api/rejection.h"

namespace symbolon::api {

Result<std::string> parse_record_id(std::string_view text) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  constexpr std::size_t kLength = 4;
  std::string out;
  for (const char given : text) {
    const char c = given >= 'a' && given <= 'z' ? static_cast<char>(given - 'a' + 'A') : given;
    out += c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
  }
  if (out.size() == kLength && out.find_first_not_of(kAlphabet) == std::string::npos) return out;
  return fail(Code::bad_request, "the id of a record is four characters such as 7Q4M");
}

bool is_about(const RejectionRecord& record, std::string_view fingerprint) {
  if (record.leaf) return record.leaf->fingerprint == fingerprint;
  return record.certificate && record.certificate_index == 0 && record.certificate->fingerprint == fingerprint;
}

RejectionRecord for_its_holder(RejectionRecord record) {
  record.peer.reset();
  record.proxy.reset();
  record.service.reset();
  return record;
}

}  // namespace symbolon::api
