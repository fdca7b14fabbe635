#include "gateway/crl_store.h"

#include "crypto/digest.h"

namespace symbolon::gateway {

Path CrlStore::file_of(const std::string& url) const {
  return *folder_ / (to_hex(crypto::sha256(as_bytes(url))) + ".crl");
}

Result<std::optional<std::string>> CrlStore::read(const std::string& url) const {
  if (!folder_) return std::optional<std::string>();
  auto content = read_file(file_of(url));
  if (!content && content.error().code == Code::file_missing) return std::optional<std::string>();
  return std::optional(TRY(std::move(content)));
}

Status CrlStore::write(const std::string& url, std::string_view body) const {
  if (!folder_) return {};
  TRY(make_folder(*folder_, 0700));
  return write_file(file_of(url), body, {.mode = 0600, .existing = Existing::replace});
}

void CrlStore::keep_only(const std::set<std::string>& urls) const {
  if (!folder_) return;
  std::set<Path> kept;
  for (const std::string& url : urls) kept.insert(file_of(url));
  std::error_code problem;
  for (std::filesystem::directory_iterator at(*folder_, problem), end; !problem && at != end; at.increment(problem)) {
    std::error_code ignored;
    if (at->path().extension() == ".crl" && !kept.contains(at->path())) std::filesystem::remove(at->path(), ignored);
  }
}

}  // namespace symbolon::gateway
