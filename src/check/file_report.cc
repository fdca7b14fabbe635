#include "check/file_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "check/file_findings.h"
#include "check/file_words.h"

namespace symbolon::check {
namespace {

struct Count {
  FileKind kind;
  std::string_view one;
  std::string_view many;
};
constexpr Count kCounts[] = {
    {FileKind::certificate, "certificate", "certificates"},
    {FileKind::request, "request", "requests"},
    {FileKind::crl, "CRL", "CRLs"},
    {FileKind::private_key, "key", "keys"},
    {FileKind::encrypted_key, "encrypted key", "encrypted keys"},
    {FileKind::public_key, "public key", "public keys"},
    {FileKind::pkcs12, "PKCS#12", "PKCS#12"},
};

std::string counts_of(const FileObservation& seen) {
  std::vector<std::string> out;
  for (const Count& row : kCounts) {
    const auto count = std::ranges::count(seen.objects, row.kind, &FileObject::kind);
    if (count > 0) out.push_back(fmt::format("{} {}", count, count == 1 ? row.one : row.many));
  }
  return out.empty() ? "nothing that can be read" : fmt::format("{}", fmt::join(out, ", "));
}

std::string summary_of(const FileObservation& seen, const FileReport& report) {
  const auto mends =
      std::ranges::count_if(report.findings, [](const FileFinding& one) { return one.severity() != Severity::info; });
  if (mends == 0) return fmt::format("{}: sound", counts_of(seen));
  return fmt::format("{}: {} {} to be mended", counts_of(seen), mends, mends == 1 ? "thing is" : "things are");
}

}  // namespace

Severity FileFinding::severity() const {
  switch (finding.code) {
    case Code::crl_ends_soon: return Severity::info;
    case Code::key_file_exposed:
    case Code::lint_san_missing: return Severity::warning;
    default: return severity_of(finding.code);
  }
}

std::string_view name(FileChain::End end) {
  switch (end) {
    case FileChain::End::self_signed: return "self_signed";
    case FileChain::End::issuer_missing: return "issuer_missing";
    case FileChain::End::trusted: return "trusted";
    case FileChain::End::refused: return "refused";
  }
  return "";
}

int FileReport::exit_code() const {
  if (unreadable) return row(Code::usage).exit_code;
  const bool found =
      std::ranges::any_of(findings, [](const FileFinding& one) { return one.severity() != Severity::info; });
  return found ? 1 : 0;
}

void FileJudgement::find(const FileObject& object, Code code, std::string words, std::string remedy,
                         Certainty certainty) {
  Finding finding;
  finding.code = code;
  finding.certainty = certainty;
  finding.words = std::move(words);
  finding.remedy = std::move(remedy);
  report.findings.push_back({std::move(finding), place_of(seen, object)});
}

void FileJudgement::find_in_file(const SeenFile& file, int line, Code code, std::string words, std::string remedy) {
  Finding finding;
  finding.code = code;
  finding.words = std::move(words);
  finding.remedy = std::move(remedy);
  report.findings.push_back({std::move(finding), place_of(file, line)});
}

FileReport explain(const FileObservation& seen, UnixSeconds now, const x509::TrustBundle* trust) {
  FileJudgement judgement{.seen = seen, .now = now, .trust = trust};
  judge_objects(judgement);
  judge_keys(judgement);
  judge_chains(judgement);
  judge_crls(judgement);
  FileReport report = std::move(judgement.report);
  std::vector<FileFinding> sorted;
  for (const Severity severity : {Severity::error, Severity::warning, Severity::info}) {
    std::ranges::copy_if(report.findings, std::back_inserter(sorted),
                         [&](const FileFinding& one) { return one.severity() == severity; });
  }
  report.findings = std::move(sorted);
  report.summary = summary_of(seen, report);
  return report;
}

}  // namespace symbolon::check
