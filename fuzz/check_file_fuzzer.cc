// Whatever a file holds: what it is can be said and explained, within bounds, and nothing of a key is shown.
#include <algorithm>
#include <cstdint>

#include "check/file_read.h"
#include "check/file_report.h"

namespace {

using namespace symbolon;

void check_object(const check::FileObservation& seen, const check::FileObject& object) {
  ENSURE(object.file < seen.files.size());
  ENSURE(object.line >= 0 && object.line <= object.last_line);
  const bool has_content = !std::holds_alternative<std::monostate>(object.content);
  ENSURE(has_content || object.problem);
  // What the library took for one thing is never known as another (BER under a PEM label may be known as nothing).
  const auto is_or_unknown = [](ByteView der, check::FileKind kind) {
    const check::FileKind seen_as = check::kind_of_der(der);
    return seen_as == kind || seen_as == check::FileKind::unknown;
  };
  if (const auto* certificate = object.get<x509::Certificate>()) {
    ENSURE(is_or_unknown(certificate->der(), check::FileKind::certificate));
  }
  if (const auto* request = object.get<x509::CertificateRequest>()) {
    ENSURE(is_or_unknown(request->der(), check::FileKind::request));
  }
  if (const auto* key = object.get<check::SeenKey>()) ENSURE(key->key || object.problem);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr UnixSeconds kNow{1'800'000'000};
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  check::FileReading how;
  how.passphrase = Secret("secret");
  const check::FileObservation seen = check::read_content("input", content, how);
  ENSURE(seen.files.size() == 1);
  for (const check::FileObject& object : seen.objects) check_object(seen, object);
  const check::SeenFile& file = seen.files.front();
  ENSURE(!seen.objects.empty() || file.problem || !file.faults.empty());

  const check::FileReport report = check::explain(seen, kNow, nullptr);
  ENSURE(std::ranges::is_sorted(report.findings, {}, &check::FileFinding::severity));
  ENSURE(report.exit_code() == 0 || report.exit_code() == 1);
  if (file.problem || !file.faults.empty()) ENSURE(report.exit_code() == 1);
  for (const check::KeyPair& pair : report.pairs) {
    ENSURE(seen.objects.at(pair.key).get<check::SeenKey>() != nullptr);
    ENSURE(pair.holder < seen.objects.size());
  }
  for (const check::FileChain& chain : report.chains) {
    ENSURE(!chain.certificates.empty() && chain.certificates.size() <= x509::PathLimits::kCertificates);
  }
  ENSURE(check::to_text(seen, report, kNow).ends_with('\n'));
  ENSURE(check::to_json(seen, report, kNow).starts_with('{'));
  return 0;
}
