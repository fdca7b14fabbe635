#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "check/file_report.h"
#include "check/file_words.h"
#include "check/printable.h"
#include "check/wrapped.h"
#include "x509/fetch_places.h"

namespace symbolon::check {
namespace {

constexpr std::size_t kName = 7;  // columns of a field's name: a SHA-256 behind it fills its line

class Page {
 public:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  // In lines that fit, the further ones behind `margin` blanks.
  void words(std::string_view first, std::size_t margin, std::string_view words) {
    const std::string blanks(margin, ' ');
    for (const std::string& each : wrapped(words, kTextColumns - std::max(margin, first.size()))) {
      line("{}{}", first, each);
      first = blanks;
    }
  }
  void field(std::string_view name, std::string_view value) {
    words(fmt::format("      {:<{}} ", name, kName), 6 + kName + 1, value);
  }
  void blank() { text_ += '\n'; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string name_or_none(const x509::DistinguishedName& name) { return name.empty() ? "(no subject)" : name.text(); }

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string usages_of(const x509::Certificate& certificate) {
  std::vector<std::string> purposes;
  for (const std::string& oid : certificate.extended_key_usage()) purposes.push_back(purpose_name(oid));
  const std::string usage = key_usage_text(certificate.key_usage()).value_or("any (no keyUsage)");
  return fmt::format("{}; {}", usage, purposes.empty() ? "any purpose (no extendedKeyUsage)" : joined(purposes));
}

std::string ca_text(const x509::Certificate& certificate) {
  const x509::BasicConstraints& basic = certificate.basic_constraints();
  if (!basic.ca) return basic.present ? "no" : "no (no basicConstraints)";
  return basic.path_length ? fmt::format("yes, at most {} CAs below it", *basic.path_length) : "yes";
}

void show(Page& page, const x509::Certificate& certificate, UnixSeconds now) {
  if (!certificate.subject_alt_names().empty()) page.field("names", names_text(certificate.subject_alt_names()));
  page.field("issuer", certificate.self_issued() ? "itself" : name_or_none(certificate.issuer()));
  page.field("valid", life_text(certificate.validity().not_before, certificate.validity().not_after, now));
  page.field("key", fmt::format("{}, signed with {}", certificate.public_key().description(),
                                certificate.signature_algorithm()));
  page.field("usage", usages_of(certificate));
  page.field("CA", ca_text(certificate));
  if (const auto urls = x509::crl_urls(certificate); !urls.empty()) page.field("CRL", joined(urls));
  if (const auto urls = x509::issuer_urls(certificate); !urls.empty()) page.field("above", joined(urls));
  if (!certificate.ocsp_urls().empty()) page.field("OCSP", joined(certificate.ocsp_urls()));
  page.field("serial", certificate.serial().hex());
  page.field("SHA-256", certificate.fingerprint().hex());
}

void show(Page& page, const x509::CertificateRequest& request) {
  if (!request.subject_alt_names().empty()) page.field("names", names_text(request.subject_alt_names()));
  page.field("key", fmt::format("{}; its signature verifies", request.public_key().description()));
  if (const auto usage = key_usage_text(request.key_usage())) page.field("usage", *usage);
  if (request.asks_to_be_ca()) page.field("CA", "asks to become one");
}

std::string signature_text(const SeenCrl& crl) {
  switch (crl.signature) {
    case CrlSignature::verified: return "verified by " + crl.signer->text();
    case CrlSignature::weak: return "too weak";
    case CrlSignature::wrong: return "NOT that of its issuer's key";
    case CrlSignature::issuer_missing: return "not checked: its issuer's certificate is not here";
    case CrlSignature::issuer_may_not_sign: return "by a CA that may not sign CRLs";
  }
  return "";
}

void show(Page& page, const SeenCrl& crl, UnixSeconds now) {
  page.field("valid", life_text(crl.this_update, crl.next_update, now));
  page.field("number", crl.number ? number_text(*crl.number) : "none");
  if (crl.base_number) page.field("delta", fmt::format("to the CRL of number {}", number_text(*crl.base_number)));
  page.field("entries", crl.on_hold == 0 ? fmt::format("{}", crl.entries)
                                         : fmt::format("{}, {} of them on hold", crl.entries, crl.on_hold));
  page.field("about", scope_text(crl.coverage));
  page.field("signed", fmt::format("with {}, {}", crl.algorithm, signature_text(crl)));
}

void show(Page& page, const SeenKey& key) {
  if (key.key) {
    page.field("key", fmt::format("{}, {} bits of security", key.key->description(), key.key->security_bits()));
    page.field("SHA-256", to_hex(key.key->spki_sha256()) + " (of its public key)");
  }
  if (!key.scheme.empty()) page.field("cipher", key.scheme);
}

std::string title_of(const FileObject& object) {
  if (const auto* certificate = object.get<x509::Certificate>()) {
    return "certificate " + name_or_none(certificate->subject());
  }
  if (const auto* request = object.get<x509::CertificateRequest>()) {
    return "request " + name_or_none(request->subject());
  }
  if (const auto* crl = object.get<SeenCrl>()) return "CRL of " + name_or_none(crl->issuer);
  switch (object.kind) {
    case FileKind::private_key: return "private key";
    case FileKind::encrypted_key: return "encrypted private key";
    case FileKind::public_key: return "public key";
    case FileKind::pkcs12: return "PKCS#12";
    case FileKind::certificate:
    case FileKind::request:
    case FileKind::crl: return std::string(name(object.kind));
    case FileKind::unknown: return fmt::format("'{}'", object.label);
  }
  return "";
}

void show_object(Page& page, const FileObject& object, UnixSeconds now) {
  const std::string title =
      fmt::format("{}{}{}{}", object.line == 0 ? "" : fmt::format("line {}: ", object.line), title_of(object),
                  object.friendly_name.empty() ? "" : fmt::format(" \"{}\"", printable(object.friendly_name)),
                  object.problem ? fmt::format(": {}", name(object.problem->code)) : "");
  page.words("  ", 4, title);
  if (const auto* certificate = object.get<x509::Certificate>()) show(page, *certificate, now);
  if (const auto* request = object.get<x509::CertificateRequest>()) show(page, *request);
  if (const auto* crl = object.get<SeenCrl>()) show(page, *crl, now);
  if (const auto* key = object.get<SeenKey>()) show(page, *key);
}

void show_files(Page& page, const FileObservation& seen, UnixSeconds now) {
  for (std::size_t i = 0; i < seen.files.size(); ++i) {
    const SeenFile& file = seen.files[i];
    page.words("", 2,
               place_of(file) + (file.form.empty() ? "" : fmt::format(" ({}, {} octets)", file.form, file.octets)));
    if (!file.schemes.empty()) page.field("cipher", joined(file.schemes));
    for (const FileObject& object : seen.objects) {
      if (object.file == i) show_object(page, object, now);
    }
  }
}

std::string_view end_text(FileChain::End end) {
  switch (end) {
    case FileChain::End::self_signed: return "whole: it ends at a certificate that signed itself";
    case FileChain::End::issuer_missing: return "its next issuer is not here";
    case FileChain::End::trusted: return "trusted by the CAs that were named";
    case FileChain::End::refused: return "NOT accepted by the CAs that were named";
  }
  return "";
}

void show_together(Page& page, const FileObservation& seen, const FileReport& report) {
  if (!report.pairs.empty() || !report.chains.empty()) page.blank();
  for (const KeyPair& pair : report.pairs) {
    page.words("", 2,
               fmt::format("the key of {} belongs to {} ({})", place_of(seen, seen.objects[pair.key]),
                           place_of(seen, seen.objects[pair.holder]), title_of(seen.objects[pair.holder])));
  }
  for (const FileChain& chain : report.chains) {
    std::vector<std::string> names;
    names.reserve(chain.certificates.size());
    for (const x509::Certificate& one : chain.certificates) names.push_back(name_or_none(one.subject()));
    page.words("chain: ", 7, fmt::format("{} ({})", fmt::join(names, " <- "), end_text(chain.end)));
  }
}

}  // namespace

std::string to_text(const FileObservation& seen, const FileReport& report, UnixSeconds now) {
  Page page;
  show_files(page, seen, now);
  show_together(page, seen, report);
  page.blank();
  page.words("", 0, report.summary);
  for (const FileFinding& one : report.findings) {
    page.blank();
    page.words("", 2,
               fmt::format("{} ({}, {}) {}", name(one.finding.code), name(one.severity()), name(one.finding.certainty),
                           one.where));
    page.words("  ", 2, row(one.finding.code).sentence);
    page.words("  ", 2, without_controls(one.finding.words));
    page.words("  -> ", 5, without_controls(one.finding.remedy_text()));
  }
  if (!report.notes.empty()) page.blank();
  for (const std::string& note : report.notes) page.words("note: ", 6, without_controls(note));
  return page.take();
}

}  // namespace symbolon::check
