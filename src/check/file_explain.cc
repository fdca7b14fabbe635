#include <fmt/format.h>

#include <algorithm>

#include "check/chain_facts.h"
#include "check/file_findings.h"
#include "check/file_words.h"
#include "x509/path_rules.h"

namespace symbolon::check {
namespace {

using x509::Certificate;

// -- files as a whole

bool could_not_open(Code code) { return code == Code::file_missing || code == Code::file_unreadable; }

void judge_files(FileJudgement& judgement) {
  for (const SeenFile& file : judgement.seen.files) {
    if (file.problem) {
      judgement.report.unreadable = judgement.report.unreadable || could_not_open(file.problem->code);
      const std::string command = file.other ? command_for(file.other->command, file.name) : std::string();
      std::string words = file.problem->words;
      if (!file.problem->where.empty() && file.problem->where != file.name) words += " (" + file.problem->where + ")";
      judgement.find_in_file(file, 0, file.problem->code, std::move(words), command);
    }
    for (const PemFault& fault : file.faults) {
      judgement.find_in_file(file, fault.line, Code::pem_malformed, fault.words, command_for(fault.command, file.name));
    }
    if (file.old_encryption) {
      const std::string name = shell_word(file.name);
      judgement.note(fmt::format(
          "{}: encrypted with {}, which newer programs refuse: openssl pkcs12 -legacy -in {} -nodes | openssl pkcs12 "
          "-export -out new.p12",
          place_of(file), fmt::join(file.schemes, ", "), name));
    }
    if (file.without_mac) {
      judgement.note(fmt::format("{}: it has no MAC: nothing says that it is whole", place_of(file)));
    }
  }
}

// -- certificates

Code date_code(const Certificate& certificate, CertificateProblem problem) {
  if (!certificate.is_ca()) return certificate_code(role_of(certificate), problem);
  switch (problem) {
    case CertificateProblem::expired: return Code::ca_expired;
    case CertificateProblem::not_yet_valid: return Code::ca_not_yet_valid;
    default: return certificate_code(role_of(certificate), problem);
  }
}

std::string date_remedy(const Certificate& certificate, const std::string& file, CertificateProblem problem) {
  if (problem == CertificateProblem::not_yet_valid) return "compare the clock of this machine: date -u; else wait";
  if (certificate.is_ca()) return "put the CA's new certificate in its place";
  return fmt::format("renew it: openssl x509 -x509toreq -in {} -signkey KEY -out new.csr, and have that certified",
                     shell_word(file));
}

void judge_dates(FileJudgement& judgement, const FileObject& object, const Certificate& certificate) {
  const auto [begin, end] = certificate.validity();
  const UnixSeconds now = judgement.now;
  const auto find = [&](CertificateProblem problem, std::string words) {
    judgement.find(object, date_code(certificate, problem), std::move(words),
                   date_remedy(certificate, judgement.file_name(object), problem));
  };
  if (now > end) {
    find(CertificateProblem::expired, fmt::format("it ended {}, {} ago", to_rfc3339(end), to_words(now - end)));
  } else if (now < begin) {
    find(CertificateProblem::not_yet_valid,
         fmt::format("it begins {}, in {}", to_rfc3339(begin), to_words(begin - now)));
  } else if (const Seconds left = end - now; left < soon(certificate)) {
    find(CertificateProblem::expires_soon, fmt::format("it ends {}, in {}", to_rfc3339(end), to_words(left)));
  }
}

void judge_strength(FileJudgement& judgement, const FileObject& object, const Certificate& certificate) {
  const PeerRole role = role_of(certificate);
  if (const auto weakness = x509::weakness_of(certificate.public_key())) {
    judgement.find(object, certificate.is_ca() ? Code::key_weak : certificate_code(role, CertificateProblem::weak_key),
                   *weakness);
  }
  // Nobody relies on the signature of a root.
  if (x509::is_weak_signature(certificate) && !certificate.self_signed()) {
    judgement.find(object, certificate_code(role, CertificateProblem::weak_signature),
                   fmt::format("it is signed with {}", certificate.signature_algorithm()));
  }
}

bool allows(const Certificate& certificate, std::string_view purpose) {
  return std::ranges::find(certificate.extended_key_usage(), purpose) != certificate.extended_key_usage().end();
}

void judge_leaf_usage(FileJudgement& judgement, const FileObject& object, const Certificate& leaf) {
  const PeerRole role = role_of(leaf);
  if (leaf.key_usage() && (*leaf.key_usage() & x509::digital_signature) == 0) {
    judgement.find(object, certificate_code(role, CertificateProblem::wrong_key_usage),
                   fmt::format("its keyUsage is {}", *key_usage_text(leaf.key_usage())));
  }
  const bool for_tls =
      leaf.extended_key_usage().empty() || allows(leaf, x509::eku::kServerAuth) || allows(leaf, x509::eku::kClientAuth);
  if (!for_tls && !allows(leaf, x509::eku::kOcspSigning)) {
    std::vector<std::string> purposes;
    for (const std::string& oid : leaf.extended_key_usage()) purposes.push_back(purpose_name(oid));
    judgement.find(object, certificate_code(role, CertificateProblem::wrong_extended_key_usage),
                   fmt::format("its extendedKeyUsage is {}: TLS takes it neither for a client nor for a server",
                               fmt::join(purposes, ", ")));
  }
  const auto names_host = [](const x509::GeneralName& name) {
    return name.kind == x509::NameKind::dns || name.kind == x509::NameKind::ip;
  };
  if (allows(leaf, x509::eku::kServerAuth) && std::ranges::none_of(leaf.subject_alt_names(), names_host)) {
    judgement.find(object, Code::lint_san_missing, "it is for a server and has no subjectAltName with a host's name",
                   "issue it with subjectAltName: clients do not look at the common name (RFC 9525)");
  }
}

void judge_certificate(FileJudgement& judgement, const FileObject& object, const Certificate& certificate) {
  if (!certificate.malformed().empty()) {
    judgement.find(object, Code::certificate_malformed, fmt::format("its {} cannot be read", certificate.malformed()),
                   "have it issued again");
  }
  judge_dates(judgement, object, certificate);
  judge_strength(judgement, object, certificate);
  if (!certificate.is_ca()) {
    judge_leaf_usage(judgement, object, certificate);
  } else if (certificate.key_usage() && (*certificate.key_usage() & x509::key_cert_sign) == 0) {
    judgement.find(object, certificate_code(role_of(certificate), CertificateProblem::issuer_key_usage),
                   fmt::format("its keyUsage is {}", *key_usage_text(certificate.key_usage())));
  }
}

// -- requests and keys

void judge_request(FileJudgement& judgement, const FileObject& object, const x509::CertificateRequest& request) {
  if (const auto weakness = x509::weakness_of(request.public_key())) {
    judgement.find(object, Code::key_weak, *weakness);
  }
  const std::string place = place_of(judgement.seen, object);
  if (request.asks_to_be_ca()) judgement.note(fmt::format("{}: it asks to become a CA", place));
  if (request.subject().empty() && request.subject_alt_names().empty()) {
    judgement.find(
        object, Code::name_missing, "it has neither a subject nor a subjectAltName",
        "make it anew: openssl req -new -key KEY -subj /CN=NAME -addext subjectAltName=DNS:NAME -out new.csr");
  }
}

void judge_key(FileJudgement& judgement, const FileObject& object, const SeenKey& key) {
  if (const auto weakness = key.key ? x509::weakness_of(*key.key) : std::nullopt) {
    judgement.find(object, Code::key_weak, *weakness);
  }
  const SeenFile& file = judgement.seen.files[object.file];
  if (object.kind == FileKind::private_key && file.form != "PKCS#12" && file.open_mode) {
    judgement.find(object, Code::key_file_exposed, fmt::format("mode {:04o} lets others at the key", *file.open_mode),
                   fmt::format("chmod 600 {}", shell_word(file.name)));
  }
  if (key.old_encryption) {
    judgement.note(fmt::format("{}: encrypted with {}, which protects little: openssl pkcs8 -topk8 -in {} -out new.key",
                               place_of(judgement.seen, object), key.scheme, shell_word(file.name)));
  }
}

// -- what could not be read

std::string problem_remedy(const FileJudgement& judgement, const FileObject& object) {
  const std::string file = shell_word(judgement.file_name(object));
  switch (object.problem->code) {
    case Code::passphrase_needed:
      return fmt::format("put its passphrase into a file of mode 600: symbolon check {} --passphrase-file FILE", file);
    case Code::passphrase_wrong: return "give the passphrase that it was encrypted with";
    case Code::file_unrecognized:
      return object.other ? command_for(object.other->command, judgement.file_name(object)) : std::string();
    default: return {};
  }
}

void judge_problem(FileJudgement& judgement, const FileObject& object) {
  std::string words = object.problem->words;
  if (object.subject) words += fmt::format(" (its subject: {})", object.subject->empty() ? "none" : *object.subject);
  if (!object.problem->where.empty()) words += fmt::format(" ({})", object.problem->where);
  judgement.find(object, object.problem->code, std::move(words), problem_remedy(judgement, object));
}

std::string_view label_for(FileKind kind) {
  switch (kind) {
    case FileKind::certificate: return "CERTIFICATE";
    case FileKind::request: return "CERTIFICATE REQUEST";
    case FileKind::crl: return "X509 CRL";
    case FileKind::private_key: return "PRIVATE KEY";
    case FileKind::encrypted_key: return "ENCRYPTED PRIVATE KEY";
    case FileKind::public_key: return "PUBLIC KEY";
    case FileKind::pkcs12:
    case FileKind::unknown: return "";
  }
  return "";
}

void judge_label(FileJudgement& judgement, const FileObject& object) {
  const std::string_view right = label_for(object.kind);
  const std::string file = shell_word(judgement.file_name(object));
  judgement.find(object, Code::pem_malformed,
                 fmt::format("the label promises '{}', the content is a {}", object.label, name(object.kind)),
                 right.empty() ? std::string("write it without PEM: openssl base64 -d")
                               : fmt::format("sed -i '{}s/{}/{}/; {}s/{}/{}/' {}", object.line, object.label, right,
                                             object.last_line, object.label, right, file));
}

}  // namespace

PeerRole role_of(const Certificate& certificate) {
  const bool server = allows(certificate, x509::eku::kServerAuth);
  const bool client = allows(certificate, x509::eku::kClientAuth);
  if (server != client) return server ? PeerRole::server : PeerRole::client;
  const auto names_host = [](const x509::GeneralName& name) {
    return name.kind == x509::NameKind::dns || name.kind == x509::NameKind::ip;
  };
  return std::ranges::any_of(certificate.subject_alt_names(), names_host) ? PeerRole::server : PeerRole::client;
}

void judge_objects(FileJudgement& judgement) {
  judge_files(judgement);
  for (const FileObject& object : judgement.seen.objects) {
    if (object.problem) judge_problem(judgement, object);
    if (object.mislabelled) judge_label(judgement, object);
    if (const auto* certificate = object.get<Certificate>()) judge_certificate(judgement, object, *certificate);
    if (const auto* request = object.get<x509::CertificateRequest>()) judge_request(judgement, object, *request);
    if (const auto* key = object.get<SeenKey>()) judge_key(judgement, object, *key);
  }
}

}  // namespace symbolon::check
