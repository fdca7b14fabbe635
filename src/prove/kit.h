// A kit as it lies in its folder: ID.crt (the chain, leaf first), ID.key, ca.crt, and kit.json, which says what each is
// for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "prove/kit_maker.h"
#include "tls/credential.h"

namespace symbolon::prove {

// Writes all of its files or none; keys are for their owner alone. Fails with file_exists (Existing::keep) and as
// write_files.
Status write_kit(const Path& folder, const KitCa& ca, const KitContent& content, UnixSeconds now, Existing existing);

// What to type so that revoked.crt is revoked, by whom the CA belongs to.
std::string how_to_revoke(const Path& folder);

// Read again, to be shown to an endpoint.
class Kit {
 public:
  // Fails with file_missing, file_malformed (kit.json), and as tls::Credential::load.
  static Result<Kit> read(const Path& folder);
  // For tests: from what was just made.
  static Result<Kit> from_content(const KitCa& ca, KitContent content);

  // Null: the kit has none; why_not says why.
  std::shared_ptr<const tls::Credential> find(std::string_view id) const;
  std::string why_not(std::string_view id) const;

  const Path& folder() const { return folder_; }
  const std::string& ca_pem() const { return ca_pem_; }
  // That of the good client.
  KitIdentity identity() const;

 private:
  Kit() = default;
  Path folder_;
  std::string ca_pem_;
  std::map<std::string, std::shared_ptr<const tls::Credential>, std::less<>> members_;
  std::map<std::string, std::string, std::less<>> omissions_;
};

}  // namespace symbolon::prove
