#include "gateway/crl_lists.h"

#include "revocation/crl_set.h"
#include "x509/pem.h"

namespace symbolon::gateway {

Error at_crl(Error error, const CrlConfig& crl) {
  if (!error.where.empty()) error.words = fmt::format("{}: {}", error.where, error.words);
  error.where = crl.place.text();
  error.words = fmt::format("the CRL from {}: {}", crl.text(), error.words);
  return error;
}

Result<std::vector<x509::Certificate>> read_crl_issuers(const Path& file) {
  auto out = TRY(x509::Certificate::from_file_content(TRY(read_file(file)), file.string()));
  if (out.empty()) return fail_at(file.string(), Code::trust_empty, "no certificate in it");
  return out;
}

Result<CrlFiles> read_crl_lists(std::string_view content, const std::vector<x509::Certificate>& issuers,
                                UnixSeconds now) {
  CrlFiles out;
  const auto take = [&](ByteView der) -> Status {
    auto crl = TRY(revocation::read_crl(der, issuers, now, revocation::StaleCrl::take));
    out.push_back(std::make_shared<const revocation::CrlFile>(std::move(crl)));
    return {};
  };
  if (!x509::looks_like_pem(content)) {
    TRY(take(as_bytes(content)));  // without a copy
    return out;
  }
  for (Bytes& der : TRY(revocation::split_crls(content))) {
    TRY(take(der));
    der = {};
  }
  return out;
}

Status check_successors(const CrlFiles& before, const CrlFiles& next) {
  for (const auto& old : before) {
    for (const auto& one : next) TRY(revocation::check_successor(*old, *one));
  }
  return {};
}

}  // namespace symbolon::gateway
