#include "check/file_read.h"

#include <chrono>
#include <cstring>

#include "base/octet_source.h"
#include "check/file_crl.h"
#include "crypto/key_file.h"
#include "revocation/pem_source.h"
#include "x509/der_reader.h"
#include "x509/pem_line.h"
#include "x509/pkcs12_bags.h"

namespace symbolon::check {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBeginning = 64 << 10;  // octets that tell what a file is
constexpr std::size_t kMostObjects = 5000;    // of all files together
constexpr std::chrono::seconds kOpening{30};  // for key derivations, of all files together
constexpr std::string_view kCrlLabel = "X509 CRL";

// Read whole, and wiped: there may be a key in it.
class Content {
 public:
  explicit Content(std::string text) : text_(std::move(text)) {}
  ~Content() { explicit_bzero(text_.data(), text_.size()); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  std::string_view text() const { return text_; }

 private:
  std::string text_;
};

Error error_of(Code code, std::string words) { return {.code = code, .words = std::move(words)}; }

class Reader {
 public:
  explicit Reader(const FileReading& how) : how_(how) {}

  void add_file(const Path& path);
  void add_content(SeenFile file, std::string_view content);
  FileObservation finish();

 private:
  // A CRL waits until all certificates are known.
  struct WaitingCrl {
    std::size_t object;
    Bytes der;
  };
  struct WaitingFile {
    std::size_t file;
    Path path;
    bool pem = false;
  };

  std::size_t file() const { return out_.files.size() - 1; }
  bool is_full() {
    if (out_.objects.size() < kMostObjects) return false;
    out_.files.back().problem = error_of(Code::file_too_large, fmt::format("more than {} objects", kMostObjects));
    return true;
  }
  FileObject& add(FileKind kind) {
    out_.objects.push_back({.file = file(), .kind = kind});
    return out_.objects.back();
  }
  // The public part is kept, the key is not.
  static void take_key(FileObject& object, SeenKey seen, const Result<crypto::PrivateKey>& key) {
    const auto part = key ? crypto::public_part(*key) : Result<crypto::PublicKey>(std::unexpected(key.error()));
    if (part) {
      seen.key = *part;
    } else {
      object.problem = part.error();
    }
    object.content = std::move(seen);
  }
  // Each key derivation is bounded, and so are all together: a file may hold thousands.
  bool may_open(FileObject& object) const {
    if (std::chrono::steady_clock::now() < last_) return true;
    object.problem =
        error_of(Code::key_unreadable,
                 fmt::format("opening what is encrypted took more than {} s before this", kOpening.count()));
    return false;
  }
  void add_large(SeenFile seen, const Path& path);
  void add_pem(std::string_view content);
  void add_pem_part(PemPart part);
  void add_key_part(FileObject& object, const PemPart& part);
  void add_der(FileObject& object, ByteView der);
  void add_encrypted_key(FileObject& object, ByteView der);
  void add_pkcs12(ByteView der);
  void read_waiting(const WaitingFile& file);

  const FileReading& how_;
  const std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now() + kOpening;
  FileObservation out_;
  std::vector<WaitingCrl> crls_;
  std::vector<WaitingFile> large_;
};

void Reader::add_file(const Path& path) {
  SeenFile seen{.name = path.string()};
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  if (fs::is_regular_file(status)) {
    constexpr fs::perms kOthers =
        fs::perms::group_read | fs::perms::group_write | fs::perms::others_read | fs::perms::others_write;
    if ((status.permissions() & kOthers) != fs::perms::none) {
      seen.open_mode = static_cast<unsigned>(status.permissions() & fs::perms::mask);
    }
    seen.octets = fs::file_size(path, problem);
    if (!problem && seen.octets > kLargestWholeFile) return add_large(std::move(seen), path);
  }
  auto read = read_file(path);
  if (!read) {
    seen.problem = std::move(read).error();
    out_.files.push_back(std::move(seen));
    return;
  }
  const Content content(*std::move(read));
  seen.octets = content.text().size();
  add_content(std::move(seen), content.text());
}

void Reader::add_large(SeenFile seen, const Path& path) {
  const std::uint64_t octets = seen.octets;
  out_.files.push_back(std::move(seen));
  SeenFile& file = out_.files.back();
  if (octets > kLargestFile) {
    file.problem = error_of(Code::file_too_large, fmt::format("{} octets; at most {} are read", octets, kLargestFile));
    return;
  }
  Bytes beginning(kBeginning);
  auto source = FileSource::open(path);
  const auto got = source ? source->read(beginning) : Result<std::size_t>(std::unexpected(source.error()));
  if (!got) {
    file.problem = got.error();
    return;
  }
  beginning.resize(*got);
  const std::string_view text = as_text(beginning);
  const bool pem = text.find(std::string("-----BEGIN ").append(kCrlLabel)) != std::string_view::npos;
  if (!pem && kind_of_der(beginning) != FileKind::crl) {
    file.problem = error_of(Code::file_too_large,
                            fmt::format("{} octets; only a CRL may be larger than {}", octets, kLargestWholeFile));
    return;
  }
  file.form = pem ? "PEM" : "DER";
  large_.push_back({this->file(), path, pem});
}

void Reader::add_content(SeenFile seen, std::string_view content) {
  out_.files.push_back(std::move(seen));
  SeenFile& file = out_.files.back();
  if (content.find_first_not_of(std::string_view(" \t\r\n")) == std::string_view::npos) {
    file.problem = error_of(Code::file_empty, content.empty() ? "it has no octets" : "it holds nothing but blanks");
    return;
  }
  const FileKind kind = kind_of_der(as_bytes(content));
  if (kind == FileKind::pkcs12) return add_pkcs12(as_bytes(content));
  if (kind != FileKind::unknown) {
    file.form = "DER";
    return add_der(add(kind), as_bytes(content));
  }
  file.other = other_format(as_bytes(content));
  if (!file.other && content.find(x509::pem_line::kBegin) != std::string_view::npos) return add_pem(content);
  file.problem = error_of(Code::file_unrecognized, file.other ? fmt::format("it is {}", file.other->what)
                                                              : "it is neither PEM nor any structure in DER that is "
                                                                "known here");
}

void Reader::add_pem(std::string_view content) {
  PemText text = split_pem(content);
  SeenFile& file = out_.files.back();
  file.form = "PEM";
  file.faults = std::move(text.faults);
  for (PemPart& part : text.parts) {
    if (is_full()) return;
    add_pem_part(std::move(part));
  }
  const bool nothing = out_.objects.empty() || out_.objects.back().file != this->file();
  if (nothing && file.faults.empty()) {
    file.problem = error_of(Code::file_unrecognized, "none of its blocks holds anything that is read here");
  }
}

void Reader::add_pem_part(PemPart part) {
  const FileKind promised = kind_of_label(part.label);
  if (promised == FileKind::unknown) {
    const auto other = other_label(part.label);
    if (!other) return;  // parameters of a key, and what nobody minds
    FileObject& object = add(FileKind::unknown);
    object.line = part.line;
    object.last_line = part.last_line;
    object.label = std::move(part.label);
    object.other = other;
    object.problem = error_of(Code::file_unrecognized, fmt::format("it is {}", other->what));
    return;
  }
  FileObject& object = add(promised);
  object.line = part.line;
  object.last_line = part.last_line;
  object.label = part.label;
  if (promised == FileKind::private_key) return add_key_part(object, part);
  ByteView der = part.der;
  // RFC 7468 §3 knows no such label: OpenSSL's certificate with what it is trusted for behind it.
  if (part.label == "TRUSTED CERTIFICATE") {
    if (const auto header = x509::der::header_of(der); header && header->size() <= der.size()) {
      der = der.first(header->size());
    }
  }
  const FileKind kind = kind_of_der(der);
  if (kind != FileKind::unknown && kind != promised) {
    object.kind = kind;
    object.mislabelled = true;
  }
  add_der(object, der);
}

void Reader::add_key_part(FileObject& object, const PemPart& part) {
  if (part.encrypted) object.kind = FileKind::encrypted_key;
  SeenKey seen{.scheme = part.encrypted ? "its PEM header's cipher, MD5 making the key" : "",
               .old_encryption = part.encrypted};
  if (!part.encrypted || may_open(object))
    take_key(object, std::move(seen), crypto::PrivateKey::from_pem(Secret(part.text), how_.passphrase));
}

void Reader::add_encrypted_key(FileObject& object, ByteView der) {
  if (!may_open(object)) return;
  auto opened = crypto::open_encrypted_key(der, how_.passphrase);
  if (!opened) return take_key(object, {}, std::unexpected(std::move(opened).error()));
  take_key(object, {.scheme = std::move(opened->scheme), .old_encryption = opened->legacy}, std::move(opened->key));
}

// The subject of a request that cannot be taken, for people: CertificationRequest, its info, version, subject.
std::optional<std::string> subject_of_request(ByteView der) {
  namespace d = x509::der;
  const auto outer = d::only(der, d::tag::sequence);
  const auto info = outer ? d::Reader(outer->content).next(d::tag::sequence) : std::nullopt;
  if (!info) return {};
  d::Reader fields(info->content);
  if (!fields.next(d::tag::integer)) return {};
  const auto subject = fields.next(d::tag::sequence);
  const auto read = subject ? x509::DistinguishedName::from_der(subject->whole)
                            : Result<x509::DistinguishedName>(fail(Code::request_malformed, "no subject"));
  if (!read) return {};
  return read->text();
}

void Reader::add_der(FileObject& object, ByteView der) {
  const auto take = [&](auto read) {
    if (read) {
      object.content = *std::move(read);
    } else {
      object.problem = std::move(read).error();
    }
  };
  switch (object.kind) {
    case FileKind::certificate: return take(x509::Certificate::from_der(der));
    case FileKind::request:
      take(x509::CertificateRequest::from_der(der));
      if (object.problem) object.subject = subject_of_request(der);
      return;
    case FileKind::crl: crls_.push_back({out_.objects.size() - 1, to_bytes(der)}); return;
    case FileKind::private_key: return take_key(object, {}, crypto::key_from_der(der));
    case FileKind::encrypted_key: return add_encrypted_key(object, der);
    case FileKind::public_key: {
      auto key = crypto::PublicKey::from_spki(der);
      if (key) {
        object.content = SeenKey{.key = *std::move(key), .is_private = false};
      } else {
        object.problem = error_of(Code::key_unreadable, key.error().words);
      }
      return;
    }
    case FileKind::pkcs12: object.problem = error_of(Code::pkcs12_malformed, "PKCS#12 does not stand in PEM"); return;
    case FileKind::unknown: object.problem = error_of(Code::file_unrecognized, "its content is not known here"); return;
  }
}

void Reader::add_pkcs12(ByteView der) {
  SeenFile& file = out_.files.back();
  file.form = "PKCS#12";
  FileObject unopened{.file = this->file(), .kind = FileKind::pkcs12};
  auto bags = may_open(unopened) ? x509::read_pkcs12_bags(der, how_.passphrase)
                                 : Result<x509::Pkcs12Bags>(std::unexpected(*unopened.problem));
  if (!bags) {
    unopened.problem = std::move(bags).error();
    out_.objects.push_back(std::move(unopened));
    return;
  }
  file.schemes = std::move(bags->schemes);
  file.old_encryption = bags->legacy;
  file.without_mac = !bags->has_mac;
  for (x509::Pkcs12Key& one : bags->keys) {
    FileObject& object = add(FileKind::private_key);
    object.friendly_name = std::move(one.friendly_name);
    take_key(object, {}, std::move(one.key));
  }
  for (x509::Pkcs12Certificate& one : bags->certificates) {
    FileObject& object = add(FileKind::certificate);
    object.friendly_name = std::move(one.friendly_name);
    object.content = std::move(one.certificate);
  }
  if (bags->keys.empty() && bags->certificates.empty()) {
    file.problem = error_of(Code::file_empty, "the PKCS#12 file holds neither keys nor certificates");
  }
}

void Reader::read_waiting(const WaitingFile& waiting) {
  std::vector<x509::Certificate> known = out_.certificates();
  known.insert(known.end(), how_.issuers.begin(), how_.issuers.end());
  auto source = FileSource::open(waiting.path);
  const auto add_crl = [&](OctetSource& der) {
    auto crl = read_seen_crl(der, known);
    FileObject object{.file = waiting.file, .kind = FileKind::crl};
    if (crl) {
      object.content = *std::move(crl);
    } else {
      object.problem = std::move(crl).error();
    }
    const bool whole = !object.problem;
    out_.objects.push_back(std::move(object));
    return whole;
  };
  if (!source) {
    out_.files[waiting.file].problem = source.error();
    return;
  }
  if (!waiting.pem) {
    add_crl(*source);
    return;
  }
  revocation::PemSource pem(*source, kCrlLabel);
  while (true) {
    const auto next = pem.next_block();
    if (!next) {
      out_.files[waiting.file].problem = next.error();
      return;
    }
    if (!*next || !add_crl(pem)) return;
  }
}

FileObservation Reader::finish() {
  std::vector<x509::Certificate> known = out_.certificates();
  known.insert(known.end(), how_.issuers.begin(), how_.issuers.end());
  for (const WaitingCrl& waiting : crls_) {
    ViewSource source(waiting.der);
    auto crl = read_seen_crl(source, known);
    FileObject& object = out_.objects[waiting.object];
    if (crl) {
      object.content = *std::move(crl);
    } else {
      object.problem = std::move(crl).error();
    }
  }
  for (const WaitingFile& file : large_) read_waiting(file);
  return std::move(out_);
}

}  // namespace

std::vector<x509::Certificate> FileObservation::certificates() const {
  std::vector<x509::Certificate> out;
  for (const FileObject& object : objects) {
    if (const auto* certificate = object.get<x509::Certificate>()) out.push_back(*certificate);
  }
  return out;
}

bool FileObservation::needs_passphrase() const {
  for (const FileObject& object : objects) {
    if (object.problem && object.problem->code == Code::passphrase_needed) return true;
  }
  return false;
}

FileObservation read_files(const std::vector<Path>& paths, const FileReading& how) {
  Reader reader(how);
  for (const Path& path : paths) reader.add_file(path);
  return reader.finish();
}

FileObservation read_content(std::string_view name, std::string_view content, const FileReading& how) {
  Reader reader(how);
  reader.add_content({.name = std::string(name), .octets = content.size()}, content);
  return reader.finish();
}

}  // namespace symbolon::check
